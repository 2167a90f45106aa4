//! Definitions: templates and their placeholders.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

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
    /// Machines whose definitions name each other's versions: none can be published first.
    #[error("{file}: definitions name each other")]
    Cyclic {
        /// The file of one of them.
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
    /// The folder of the machines cannot be written.
    #[error("cannot keep the state machines: {0}")]
    Unkept(#[from] std::io::Error),
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

impl Template {
    /// Names of the placeholders in the text.
    pub(super) fn placeholders(&self) -> impl Iterator<Item = &str> {
        let beginnings = self.source.split("${").skip(1);
        beginnings.filter_map(|rest| Some(rest.split_once('}')?.0))
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
