//! Compiles a Map's `ResultWriter`.

use super::checker::{Checker, SCHEMA};
use super::fields::Fields;
use crate::machine::{Destination, Writer};
use crate::query::Language;
use crate::results::{Format, OutputType, Transformation};

/// The one action by which results are written.
const PUT_OBJECT: &str = "arn:aws:states:::s3:putObject";

pub(super) fn compile(
    checker: &mut Checker,
    fields: &Fields<'_>,
    language: Language,
) -> Option<Writer> {
    let members = fields.object(checker, "ResultWriter")?;
    let at = fields.at("ResultWriter");
    let writer = Fields::new(members, &at);
    let arguments = if language == Language::Jsonata {
        "Arguments"
    } else {
        "Parameters"
    };
    writer.check_known(checker, &["Resource", arguments, "WriterConfig"]);
    let format = compile_format(checker, &writer);
    let resource = writer.text(checker, "Resource");
    let template = writer.template(checker, arguments, language);
    match (resource, template) {
        (Some(resource), Some(arguments)) => {
            if resource != PUT_OBJECT {
                let message = format!("The value must be {PUT_OBJECT}");
                checker.error(SCHEMA, writer.at("Resource"), message);
            }
            let destination = Some(Destination {
                resource: resource.to_owned(),
                arguments,
            });
            let format = format.unwrap_or_default();
            Some(Writer {
                format,
                destination,
            })
        }
        (None, None) if format.is_some() => Some(Writer {
            format: format?,
            destination: None,
        }),
        _ => {
            let message = format!(
                "Either 'Resource' and '{arguments}' are needed, or 'WriterConfig', or all"
            );
            checker.error(SCHEMA, &at, message);
            None
        }
    }
}

fn compile_format(checker: &mut Checker, writer: &Fields<'_>) -> Option<Format> {
    let members = writer.object(checker, "WriterConfig")?;
    let at = writer.at("WriterConfig");
    let config = Fields::new(members, &at);
    config.check_known(checker, &["Transformation", "OutputType"]);
    let mut format = Format::default();
    match config.text(checker, "Transformation") {
        None | Some("NONE") => {}
        Some("COMPACT") => format.transformation = Transformation::Compact,
        Some("FLATTEN") => format.transformation = Transformation::Flatten,
        Some(_) => checker.error(
            SCHEMA,
            config.at("Transformation"),
            "The value must be NONE, COMPACT or FLATTEN",
        ),
    }
    match config.text(checker, "OutputType") {
        None | Some("JSON") => {}
        Some("JSONL") => format.output_type = OutputType::JsonLines,
        Some(_) => checker.error(
            SCHEMA,
            config.at("OutputType"),
            "The value must be JSON or JSONL",
        ),
    }
    Some(format)
}
