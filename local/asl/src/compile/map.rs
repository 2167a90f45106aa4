//! Compiles what is particular to a Map.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::checker::{Checker, SCHEMA};
use super::fields::Fields;
use super::writer;
use super::{compile_machine, compile_region};
use crate::machine::{
    Batcher, Distributed, MapState, Processor, Reader, Setting, StateMachine, Workflow,
};
use crate::query::Language;

/// Fields of an item processor.
const PROCESSOR_FIELDS: [&str; 5] = [
    "Comment",
    "ProcessorConfig",
    "QueryLanguage",
    "StartAt",
    "States",
];
/// Longest label of a Distributed Map.
const MAX_LABEL: usize = 40;
/// Characters that a label must not have, besides blanks and control characters.
/// <https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html>
const LABEL_LACKS: &str = "? * < > { } [ ] : ; , \\ | ^ ~ $ # % & ` \"";

pub(super) fn compile(
    checker: &mut Checker,
    fields: &Fields<'_>,
    language: Language,
    outer: Language,
) -> Option<MapState> {
    let processor = compile_processor(checker, fields, language, outer);
    let selector = if fields.get("ItemSelector").is_some() {
        "ItemSelector"
    } else {
        "Parameters"
    };
    Some(MapState {
        items: compile_items(checker, fields, language),
        selector: fields.template(checker, selector, language),
        max_concurrency: fields.integer(
            checker,
            ["MaxConcurrency", "MaxConcurrencyPath"],
            language,
            0,
        ),
        tolerated_count: fields.integer(
            checker,
            ["ToleratedFailureCount", "ToleratedFailureCountPath"],
            language,
            0,
        ),
        tolerated_percentage: fields.percentage(
            checker,
            [
                "ToleratedFailurePercentage",
                "ToleratedFailurePercentagePath",
            ],
            language,
        ),
        processor: processor?,
    })
}

fn compile_items(
    checker: &mut Checker,
    fields: &Fields<'_>,
    language: Language,
) -> Option<Setting> {
    if let Some(path) = fields.path(checker, "ItemsPath") {
        return Some(Setting {
            field: "ItemsPath",
            template: crate::query::template::Template::Path(path),
        });
    }
    let template = fields.template(checker, "Items", language)?;
    Some(Setting {
        field: "Items",
        template,
    })
}

fn compile_processor(
    checker: &mut Checker,
    fields: &Fields<'_>,
    language: Language,
    outer: Language,
) -> Option<Processor> {
    let key = if fields.get("Iterator").is_some() {
        "Iterator"
    } else {
        "ItemProcessor"
    };
    if key == "Iterator" && fields.get("ItemProcessor").is_some() {
        let message = "You cannot specify both 'Iterator' and 'ItemProcessor'";
        checker.error(SCHEMA, fields.pointer(), message);
    }
    fields.require(checker, key)?;
    let members = fields.object(checker, key)?;
    let at = fields.at(key);
    let inner = Fields::new(members, &at);
    inner.check_known(checker, &PROCESSOR_FIELDS);
    let empty = Map::new();
    let config = inner.object(checker, "ProcessorConfig").unwrap_or(&empty);
    let config_at = inner.at("ProcessorConfig");
    let config = Fields::new(config, &config_at);
    config.check_known(checker, &["Mode", "ExecutionType"]);
    match config.text(checker, "Mode") {
        None | Some("INLINE") => {
            refuse_distributed_fields(checker, fields);
            let region_language = inner.language(checker, outer, Some(outer));
            let region = compile_region(checker, members, &at, region_language)?;
            Some(Processor::Inline(Arc::new(region)))
        }
        Some("DISTRIBUTED") => {
            let kind = config.required_text(checker, "ExecutionType");
            if kind.is_some_and(|kind| kind != "STANDARD" && kind != "EXPRESS") {
                checker.error(
                    SCHEMA,
                    config.at("ExecutionType"),
                    "The value must be STANDARD or EXPRESS",
                );
            }
            let workflow = checker.workflow;
            if kind == Some("EXPRESS") {
                checker.workflow = Workflow::Express;
            }
            let machine = compile_machine(checker, fields.get(key)?, &at, Some(outer));
            checker.workflow = workflow;
            let distributed = compile_distributed(checker, fields, language, Arc::new(machine?));
            Some(Processor::Distributed(Box::new(distributed)))
        }
        Some(_) => {
            checker.error(
                SCHEMA,
                config.at("Mode"),
                "The value must be INLINE or DISTRIBUTED",
            );
            None
        }
    }
}

fn refuse_distributed_fields(checker: &mut Checker, fields: &Fields<'_>) {
    for key in ["ItemReader", "ItemBatcher", "ResultWriter", "Label"] {
        if fields.get(key).is_some() {
            let message = format!("'{key}' needs a ProcessorConfig with Mode DISTRIBUTED");
            checker.error(SCHEMA, fields.at(key), message);
        }
    }
}

fn compile_distributed(
    checker: &mut Checker,
    fields: &Fields<'_>,
    language: Language,
    machine: Arc<StateMachine>,
) -> Distributed {
    let label = fields.text(checker, "Label").map(str::to_owned);
    if label.as_ref().is_some_and(|label| !is_label(label)) {
        checker.error(
            SCHEMA,
            fields.at("Label"),
            format!("A label has 1 to {MAX_LABEL} characters, without blanks, brackets and {LABEL_LACKS}"),
        );
    }
    Distributed {
        machine,
        label,
        reader: compile_reader(checker, fields, language),
        batcher: compile_batcher(checker, fields, language),
        writer: writer::compile(checker, fields, language),
    }
}

fn is_label(label: &str) -> bool {
    let fits = (1..=MAX_LABEL).contains(&label.chars().count());
    fits && !label
        .chars()
        .any(|c| c.is_whitespace() || c.is_control() || LABEL_LACKS.contains(c))
}

fn compile_reader(
    checker: &mut Checker,
    fields: &Fields<'_>,
    language: Language,
) -> Option<Reader> {
    let members = fields.object(checker, "ItemReader")?;
    let at = fields.at("ItemReader");
    let reader = Fields::new(members, &at);
    let arguments = if language == Language::Jsonata {
        "Arguments"
    } else {
        "Parameters"
    };
    reader.check_known(checker, &["Resource", arguments, "ReaderConfig"]);
    let config_at = reader.at("ReaderConfig");
    let max_items = reader
        .object(checker, "ReaderConfig")
        .and_then(|config| compile_config(checker, &Fields::new(config, &config_at), language));
    Some(Reader {
        resource: reader.required_text(checker, "Resource")?.to_owned(),
        arguments: reader.template(checker, arguments, language),
        config: reader.template(checker, "ReaderConfig", language),
        max_items,
    })
}

/// What is said in words must be one of these; the number of items may be computed.
fn compile_config(
    checker: &mut Checker,
    config: &Fields<'_>,
    language: Language,
) -> Option<Setting> {
    let words: [(&str, &[&str]); 3] = [
        (
            "InputType",
            &["CSV", "JSON", "JSONL", "MANIFEST", "PARQUET"],
        ),
        ("CSVHeaderLocation", &["FIRST_ROW", "GIVEN"]),
        (
            "CSVDelimiter",
            &["COMMA", "PIPE", "SEMICOLON", "SPACE", "TAB"],
        ),
    ];
    for (key, known) in words {
        if let Some(word) = config.text(checker, key)
            && !known.contains(&word)
            && !word.starts_with("{%")
        {
            let message = format!("The value must be one of {}", known.join(", "));
            checker.error(SCHEMA, config.at(key), message);
        }
    }
    if config
        .get("CSVHeaderLocation")
        .is_some_and(|place| place == "GIVEN")
    {
        config.require(checker, "CSVHeaders");
    }
    config.integer(checker, ["MaxItems", "MaxItemsPath"], language, 0)
}

fn compile_batcher(
    checker: &mut Checker,
    fields: &Fields<'_>,
    language: Language,
) -> Option<Batcher> {
    let members = fields.object(checker, "ItemBatcher")?;
    let at = fields.at("ItemBatcher");
    let batcher = Fields::new(members, &at);
    let names = ["MaxItemsPerBatch", "MaxInputBytesPerBatch"];
    let paths = ["MaxItemsPerBatchPath", "MaxInputBytesPerBatchPath"];
    batcher.check_known(
        checker,
        &["BatchInput", names[0], names[1], paths[0], paths[1]],
    );
    if names
        .iter()
        .chain(&paths)
        .all(|key| batcher.get(key).is_none())
    {
        checker.error(
            SCHEMA,
            &at,
            "One of 'MaxItemsPerBatch' and 'MaxInputBytesPerBatch' is required",
        );
    }
    if batcher
        .get("BatchInput")
        .is_some_and(|input| !matches!(input, Value::Object(_) | Value::String(_)))
    {
        checker.error(
            SCHEMA,
            batcher.at("BatchInput"),
            "The value must be an object",
        );
    }
    Some(Batcher {
        input: batcher.template(checker, "BatchInput", language),
        max_items: batcher.integer(checker, [names[0], paths[0]], language, 1),
        max_bytes: batcher.integer(checker, [names[1], paths[1]], language, 1),
    })
}
