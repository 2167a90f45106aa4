//! Reads the fields of an object, and tells what is wrong with them.

use serde_json::{Map, Value};

use super::checker::{Checker, SCHEMA};
use crate::choice::parse_timestamp;
use crate::diagnostic::escape;
use crate::machine::{ResultPath, Selection, Setting};
use crate::query::Language;
use crate::query::path::{Path, ReferencePath};
use crate::query::template::Template;

/// Largest literal number of seconds, attempts or items.
const MAX_INTEGER: u64 = 99_999_999;

/// An object of the definition and its place.
#[derive(Clone, Copy)]
pub(super) struct Fields<'a> {
    members: &'a Map<String, Value>,
    pointer: &'a str,
}

impl<'a> Fields<'a> {
    pub(super) fn new(members: &'a Map<String, Value>, pointer: &'a str) -> Self {
        Self { members, pointer }
    }

    pub(super) fn get(&self, key: &str) -> Option<&'a Value> {
        self.members.get(key)
    }

    /// Place of a field.
    pub(super) fn at(&self, key: &str) -> String {
        format!("{}/{}", self.pointer, escape(key))
    }

    pub(super) fn pointer(&self) -> &'a str {
        self.pointer
    }

    /// Tells of fields that are not in the list.
    pub(super) fn check_known(&self, checker: &mut Checker, known: &[&str]) {
        self.text(checker, "Comment");
        for key in self.members.keys() {
            if !known.contains(&key.as_str()) {
                checker.error(
                    SCHEMA,
                    self.at(key),
                    format!("Field '{key}' is not supported here"),
                );
            }
        }
    }

    pub(super) fn text(&self, checker: &mut Checker, key: &str) -> Option<&'a str> {
        let value = self.get(key)?;
        if value.as_str().is_none() {
            checker.error(SCHEMA, self.at(key), "The value must be a string");
        }
        value.as_str()
    }

    pub(super) fn required_text(&self, checker: &mut Checker, key: &str) -> Option<&'a str> {
        self.require(checker, key)?;
        self.text(checker, key)
    }

    /// Tells of a missing field.
    pub(super) fn require(&self, checker: &mut Checker, key: &str) -> Option<&'a Value> {
        let value = self.get(key);
        if value.is_none() {
            checker.error(
                SCHEMA,
                self.pointer,
                format!("The field '{key}' is required but was missing"),
            );
        }
        value
    }

    pub(super) fn object(
        &self,
        checker: &mut Checker,
        key: &str,
    ) -> Option<&'a Map<String, Value>> {
        let value = self.get(key)?;
        if value.as_object().is_none() {
            checker.error(SCHEMA, self.at(key), "The value must be an object");
        }
        value.as_object()
    }

    pub(super) fn array(&self, checker: &mut Checker, key: &str) -> Option<&'a Vec<Value>> {
        let value = self.get(key)?;
        if value.as_array().is_none() {
            checker.error(SCHEMA, self.at(key), "The value must be an array");
        }
        value.as_array()
    }

    /// The language that `QueryLanguage` says. Within a `JSONata` machine there is no way back to `JSONPath`.
    pub(super) fn language(
        &self,
        checker: &mut Checker,
        default: Language,
        outer: Option<Language>,
    ) -> Language {
        match self.text(checker, "QueryLanguage") {
            None => default,
            Some("JSONata") => Language::Jsonata,
            Some("JSONPath") if outer != Some(Language::Jsonata) => Language::JsonPath,
            Some("JSONPath") => {
                checker.error(
                    SCHEMA,
                    self.at("QueryLanguage"),
                    "JSONPath cannot be used within a JSONata state machine",
                );
                Language::JsonPath
            }
            Some(other) => {
                checker.error(
                    SCHEMA,
                    self.at("QueryLanguage"),
                    format!("'{other}' is no query language: use JSONata or JSONPath"),
                );
                default
            }
        }
    }

    pub(super) fn template(
        &self,
        checker: &mut Checker,
        key: &str,
        language: Language,
    ) -> Option<Template> {
        let value = self.get(key)?;
        Some(checker.template(value, language, &self.at(key)))
    }

    pub(super) fn path(&self, checker: &mut Checker, key: &str) -> Option<Path> {
        let text = self.text(checker, key)?;
        match Path::compile(text) {
            Ok(path) => Some(path),
            Err(flaw) => {
                checker.error(super::checker::EXPRESSION, self.at(key), flaw);
                None
            }
        }
    }

    /// `InputPath`, `OutputPath`.
    pub(super) fn selection(&self, checker: &mut Checker, key: &str) -> Selection {
        match self.get(key) {
            None => Selection::Whole,
            Some(Value::Null) => Selection::Nothing,
            Some(Value::String(text)) if text == "$" => Selection::Whole,
            Some(_) => self
                .path(checker, key)
                .map(Selection::Path)
                .unwrap_or_default(),
        }
    }

    /// `ResultPath`.
    pub(super) fn result_path(&self, checker: &mut Checker) -> ResultPath {
        match self.get("ResultPath") {
            None => ResultPath::Replace,
            Some(Value::Null) => ResultPath::Discard,
            Some(Value::String(text)) if text == "$" => ResultPath::Replace,
            Some(_) => {
                match ReferencePath::compile(self.text(checker, "ResultPath").unwrap_or("$")) {
                    Ok(path) => ResultPath::Put(path),
                    Err(flaw) => {
                        checker.error(super::checker::EXPRESSION, self.at("ResultPath"), flaw);
                        ResultPath::Replace
                    }
                }
            }
        }
    }

    /// A whole number of at least `least`: literal, by expression, or by the `…Path` field of `JSONPath`.
    pub(super) fn integer(
        &self,
        checker: &mut Checker,
        names: [&'static str; 2],
        language: Language,
        least: u64,
    ) -> Option<Setting> {
        self.setting(checker, names, language, |value| {
            let fits = value
                .as_u64()
                .is_some_and(|number| (least..=MAX_INTEGER).contains(&number));
            if fits {
                None
            } else {
                Some(format!(
                    "The value must be an integer from {least} to {MAX_INTEGER}"
                ))
            }
        })
    }

    /// A number from 0 to 100, given in the same ways.
    pub(super) fn percentage(
        &self,
        checker: &mut Checker,
        names: [&'static str; 2],
        language: Language,
    ) -> Option<Setting> {
        self.setting(checker, names, language, |value| {
            let fits = value
                .as_f64()
                .is_some_and(|number| (0.0..=100.0).contains(&number));
            if fits {
                None
            } else {
                Some("The value must be a number from 0 to 100".to_owned())
            }
        })
    }

    /// A text: literal, by expression, or by the `…Path` field of `JSONPath`, a path or an intrinsic call.
    pub(super) fn words(
        &self,
        checker: &mut Checker,
        names: [&'static str; 2],
        language: Language,
    ) -> Option<Setting> {
        let refuse =
            |value: &Value| (!value.is_string()).then(|| "The value must be a string".to_owned());
        self.setting(checker, names, language, refuse)
    }

    /// A moment, given in the same ways.
    pub(super) fn timestamp(
        &self,
        checker: &mut Checker,
        names: [&'static str; 2],
        language: Language,
    ) -> Option<Setting> {
        let refuse = |value: &Value| {
            let is_timestamp = parse_timestamp(value).is_some();
            (!is_timestamp)
                .then(|| "The value must be a timestamp like 2026-01-31T12:00:00Z".to_owned())
        };
        self.setting(checker, names, language, refuse)
    }

    fn setting(
        &self,
        checker: &mut Checker,
        [literal, by_path]: [&'static str; 2],
        language: Language,
        refuse: impl Fn(&Value) -> Option<String>,
    ) -> Option<Setting> {
        if language == Language::JsonPath && self.get(by_path).is_some() {
            if self.get(literal).is_some() {
                checker.error(
                    SCHEMA,
                    self.pointer,
                    format!("You cannot specify both '{literal}' and '{by_path}'"),
                );
            }
            let template = checker.dynamic(self.get(by_path)?, &self.at(by_path));
            return Some(Setting {
                field: by_path,
                template,
            });
        }
        let findings = checker.diagnostics.len();
        let template = self.template(checker, literal, language)?;
        if let Template::Literal(value) = &template
            && checker.diagnostics.len() == findings
            && let Some(reason) = refuse(value)
        {
            checker.error(SCHEMA, self.at(literal), reason);
        }
        Some(Setting {
            field: literal,
            template,
        })
    }
}
