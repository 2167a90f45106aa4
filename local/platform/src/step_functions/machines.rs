//! Definitions: templates, their placeholders, the compiled machines and their ARNs.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use videoflow_asl::StateMachine;

use crate::names;

/// A definition as committed: with `${placeholders}`.
#[derive(Debug, Clone)]
pub struct Template {
    /// Machine name without the environment's prefix: `sanitize-file`.
    pub name: String,
    /// File name, for messages.
    pub file: String,
    /// The text.
    pub source: String,
}

/// Why the definitions cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The folder or a file cannot be read.
    #[error("cannot read {path}: {source}")]
    Unreadable {
        /// What.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The folder has no `*.asl.json`.
    #[error("{0} has no *.asl.json")]
    Empty(PathBuf),
    /// A placeholder that nothing fills.
    #[error("{file}: unknown placeholder ${{{placeholder}}}")]
    UnknownPlaceholder {
        /// The file.
        file: String,
        /// Its name.
        placeholder: String,
    },
    /// A placeholder without its end.
    #[error("{file}: a placeholder is not closed")]
    OpenPlaceholder {
        /// The file.
        file: String,
    },
    /// The engine refuses the definition.
    #[error("{file}:{finding}")]
    Refused {
        /// The file.
        file: String,
        /// First finding: place and reason.
        finding: String,
    },
}

/// The definitions and the patterns of the rules, as committed.
#[derive(Debug, Clone)]
pub struct Definitions {
    /// The machines.
    pub machines: Vec<Template>,
    /// Pattern of the rule for uploads.
    pub object_created: Template,
    /// Pattern of the rule for executions of process-video that failed or are redriven.
    pub video_failed: Template,
}

/// File of the pattern of uploads.
const OBJECT_CREATED_FILE: &str = "object-created.pattern.json";
/// File of the pattern of failures.
const VIDEO_FAILED_FILE: &str = "video-failed.pattern.json";

macro_rules! committed {
    ($($part:literal),+) => {
        include_str!(concat!("../../../../statemachines/", $($part),+))
    };
}

macro_rules! templates {
    ($($name:literal),*) => {
        vec![$(Template {
            name: $name.to_owned(),
            file: concat!("statemachines/", $name, ".asl.json").to_owned(),
            source: committed!($name, ".asl.json").to_owned(),
        }),*]
    };
}

impl Definitions {
    /// Those that are part of this program.
    pub fn embedded() -> Self {
        let pattern = |name: &str, source: &str| Template {
            name: name.to_owned(),
            file: format!("statemachines/{name}"),
            source: source.to_owned(),
        };
        let machines = templates![
            "detect-labels",
            "extract-meaning",
            "merge-brief",
            "preprocess-video",
            "process-video",
            "publish-video",
            "reconcile-library",
            "sanitize-file",
            "transcribe-speech"
        ];
        Self {
            machines,
            object_created: pattern(
                OBJECT_CREATED_FILE,
                committed!("object-created.pattern.json"),
            ),
            video_failed: pattern(VIDEO_FAILED_FILE, committed!("video-failed.pattern.json")),
        }
    }

    /// Reads all `*.asl.json` of a folder, and its two `*.pattern.json`.
    ///
    /// # Errors
    /// [`Error::Unreadable`], [`Error::Empty`].
    pub fn read(folder: &Path) -> Result<Self, Error> {
        let mut machines = Vec::new();
        let entries = fs::read_dir(folder).map_err(|source| unreadable(folder, source))?;
        for entry in entries {
            let path = entry.map_err(|source| unreadable(folder, source))?.path();
            let file_name = path
                .file_name()
                .map(|name| name.to_string_lossy().into_owned())
                .unwrap_or_default();
            if let Some(name) = file_name.strip_suffix(".asl.json") {
                machines.push(read_template(&path, name)?);
            }
        }
        machines.sort_by(|left, right| left.name.cmp(&right.name));
        if machines.is_empty() {
            return Err(Error::Empty(folder.to_path_buf()));
        }
        Ok(Self {
            machines,
            object_created: read_template(&folder.join(OBJECT_CREATED_FILE), OBJECT_CREATED_FILE)?,
            video_failed: read_template(&folder.join(VIDEO_FAILED_FILE), VIDEO_FAILED_FILE)?,
        })
    }
}

fn read_template(path: &Path, name: &str) -> Result<Template, Error> {
    let source = fs::read_to_string(path).map_err(|source| unreadable(path, source))?;
    Ok(Template {
        name: name.to_owned(),
        file: path.display().to_string(),
        source,
    })
}

fn unreadable(path: &Path, source: std::io::Error) -> Error {
    Error::Unreadable {
        path: path.to_path_buf(),
        source,
    }
}

/// Fills the placeholders of a text.
///
/// # Errors
/// [`Error::UnknownPlaceholder`], [`Error::OpenPlaceholder`].
pub fn render(template: &Template, values: &BTreeMap<String, String>) -> Result<String, Error> {
    let file = &template.file;
    let mut rendered = String::with_capacity(template.source.len());
    let mut rest = template.source.as_str();
    while let Some((before, after)) = rest.split_once("${") {
        rendered.push_str(before);
        let (name, after) = after
            .split_once('}')
            .ok_or_else(|| Error::OpenPlaceholder { file: file.clone() })?;
        let value = values.get(name).ok_or_else(|| Error::UnknownPlaceholder {
            file: file.clone(),
            placeholder: name.to_owned(),
        })?;
        rendered.push_str(value);
        rest = after;
    }
    rendered.push_str(rest);
    Ok(rendered)
}

/// A state machine that executions can be started of.
#[derive(Debug)]
pub struct Machine {
    /// Full name: `videoflow-local-sanitize-file`.
    pub name: String,
    /// Unqualified ARN.
    pub arn: String,
    /// The rendered definition.
    pub definition: String,
    /// The compiled definition.
    pub compiled: Arc<StateMachine>,
}

impl Machine {
    /// ARN of the only version.
    pub fn version_arn(&self) -> String {
        format!("{}:{}", self.arn, names::VERSION)
    }

    /// ARN of the alias that callers use.
    pub fn alias_arn(&self) -> String {
        format!("{}:{}", self.arn, names::ALIAS)
    }
}

/// All state machines, by unqualified ARN.
#[derive(Debug, Default)]
pub struct Machines {
    machines: BTreeMap<String, Arc<Machine>>,
}

impl Machines {
    /// Renders and compiles definitions.
    ///
    /// # Errors
    /// [`Error`] of the first definition that cannot be used.
    pub fn load(templates: &[Template], values: &BTreeMap<String, String>) -> Result<Self, Error> {
        let machine = |template: &Template| {
            let definition = render(template, values)?;
            let compiled =
                StateMachine::compile(&definition).map_err(|findings| Error::Refused {
                    file: template.file.clone(),
                    finding: findings
                        .first()
                        .map(ToString::to_string)
                        .unwrap_or_default(),
                })?;
            let arn = names::state_machine_arn(&template.name);
            let machine = Machine {
                name: names::prefixed(&template.name),
                arn: arn.clone(),
                definition,
                compiled: Arc::new(compiled),
            };
            Ok((arn, Arc::new(machine)))
        };
        Ok(Self {
            machines: templates
                .iter()
                .map(machine)
                .collect::<Result<_, Error>>()?,
        })
    }

    /// The machine of an unqualified, version or alias ARN.
    pub fn find(&self, arn: &str) -> Option<&Arc<Machine>> {
        self.machines.get(arn).or_else(|| {
            let (unqualified, qualifier) = arn.rsplit_once(':')?;
            let is_known = qualifier == names::VERSION || qualifier == names::ALIAS;
            self.machines.get(unqualified).filter(|_| is_known)
        })
    }

    /// All machines in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Machine>> {
        self.machines.values()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(source: &str, expected: Result<&str, &str>) {
        let values = BTreeMap::from([(
            "jobs_table_name".to_owned(),
            "videoflow-local-jobs".to_owned(),
        )]);
        let template = Template {
            name: "a".to_owned(),
            file: "a.asl.json".to_owned(),
            source: source.to_owned(),
        };
        let rendered = render(&template, &values).map_err(|error| error.to_string());
        assert_eq!(
            rendered.as_deref().map_err(String::as_str),
            expected,
            "{source}"
        );
    }

    #[test]
    fn fills_every_placeholder() {
        check(
            "a ${jobs_table_name} b ${jobs_table_name}",
            Ok("a videoflow-local-jobs b videoflow-local-jobs"),
        );
        check("{% $states.input %}", Ok("{% $states.input %}"));
    }

    #[test]
    fn names_file_and_placeholder_that_nothing_fills() {
        check("${other}", Err("a.asl.json: unknown placeholder ${other}"));
        check("${other", Err("a.asl.json: a placeholder is not closed"));
    }
}
