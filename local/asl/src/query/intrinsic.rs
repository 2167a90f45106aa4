//! Intrinsic functions of `JSONPath` states: `States.Format('{}', $.name)`.

use std::borrow::Cow;

use serde_json::{Number, Value};

use super::Scope;
#[cfg(test)]
pub(crate) use super::intrinsic_functions::NAMES;
use super::intrinsic_functions::call;
use super::path::Path;
use super::template::not_found;
use crate::failure::Failure;

/// Deepest nesting of calls (AWS: up to 10 intrinsic functions in a field).
const MAX_DEPTH: usize = 10;

/// A compiled call.
#[derive(Debug)]
pub(crate) struct Intrinsic {
    source: String,
    name: String,
    arguments: Vec<Argument>,
}

#[derive(Debug)]
enum Argument {
    Literal(Value),
    Path(Path),
    Call(Intrinsic),
}

impl Intrinsic {
    /// Compiles a call; the error is a message.
    pub(crate) fn compile(source: &str) -> Result<Self, String> {
        let mut parser = Parser {
            source,
            rest: source.trim(),
        };
        let call = parser.call(0)?;
        parser.skip_space();
        if parser.rest.is_empty() {
            Ok(call)
        } else {
            Err(parser.refused())
        }
    }

    /// The variables that its paths start from.
    pub(crate) fn variables(&self) -> Vec<&str> {
        let mut variables = Vec::new();
        for argument in &self.arguments {
            match argument {
                Argument::Literal(_) => {}
                Argument::Path(path) => variables.extend(path.variable()),
                Argument::Call(inner) => variables.extend(inner.variables()),
            }
        }
        variables
    }

    pub(crate) fn evaluate(&self, scope: &Scope<'_>) -> Result<Value, Failure> {
        let mut values = Vec::with_capacity(self.arguments.len());
        for argument in &self.arguments {
            values.push(match argument {
                Argument::Literal(value) => Cow::Borrowed(value),
                Argument::Path(path) => path
                    .find(scope)
                    .ok_or_else(|| not_found(path, scope, &self.source))?,
                Argument::Call(inner) => Cow::Owned(inner.evaluate(scope)?),
            });
        }
        let arguments: Vec<&Value> = values.iter().map(AsRef::as_ref).collect();
        call(&self.name, &arguments, scope.random).ok_or_else(|| {
            let shown: Vec<String> = values.iter().map(ToString::to_string).collect();
            Failure::intrinsic(format!(
                "The function '{}' failed for the arguments: [{}]",
                self.source,
                shown.join(", ")
            ))
        })
    }
}

struct Parser<'a> {
    source: &'a str,
    rest: &'a str,
}

impl<'a> Parser<'a> {
    fn refused(&self) -> String {
        format!("'{}' is no intrinsic function call", self.source)
    }

    fn skip_space(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn take(&mut self, token: char) -> bool {
        self.skip_space();
        match self.rest.strip_prefix(token) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn word(&mut self, end: impl Fn(char) -> bool) -> &'a str {
        let (word, rest) = self
            .rest
            .split_at(self.rest.find(end).unwrap_or(self.rest.len()));
        self.rest = rest;
        word
    }

    fn call(&mut self, depth: usize) -> Result<Intrinsic, String> {
        self.skip_space();
        let start = self.rest;
        let name = self.word(|c| !c.is_alphanumeric() && c != '.');
        if depth >= MAX_DEPTH
            || !super::intrinsic_functions::NAMES.contains(&name)
            || !self.take('(')
        {
            return Err(self.refused());
        }
        let mut arguments = Vec::new();
        if !self.take(')') {
            loop {
                arguments.push(self.argument(depth)?);
                if self.take(')') {
                    break;
                }
                if !self.take(',') {
                    return Err(self.refused());
                }
            }
        }
        let length = start.len().saturating_sub(self.rest.len());
        let source = start.get(..length).unwrap_or(start).to_owned();
        Ok(Intrinsic {
            source,
            name: name.to_owned(),
            arguments,
        })
    }

    fn argument(&mut self, depth: usize) -> Result<Argument, String> {
        self.skip_space();
        if self.rest.starts_with('\'') {
            return self.text().map(Argument::Literal);
        }
        if self.rest.starts_with('$') {
            return Path::compile(self.path()).map(Argument::Path);
        }
        if self.rest.starts_with("States.") {
            return self.call(depth + 1).map(Argument::Call);
        }
        let word = self.word(|c| c == ',' || c == ')').trim();
        Ok(Argument::Literal(match word {
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            "null" => Value::Null,
            number => Value::Number(number.parse::<Number>().map_err(|_| self.refused())?),
        }))
    }

    /// Text in single quotes; a backslash escapes quote, braces and itself, and nothing else (AWS refuses `\"`).
    fn text(&mut self) -> Result<Value, String> {
        let mut text = String::new();
        let mut characters = self.rest.char_indices().skip(1);
        while let Some((index, c)) = characters.next() {
            match c {
                '\'' => {
                    self.rest = self.rest.get(index + 1..).unwrap_or_default();
                    return Ok(Value::String(text));
                }
                '\\' => match characters.next() {
                    // The function itself tells these from the places that it fills.
                    Some((_, escaped @ ('{' | '}'))) => text.extend(['\\', escaped]),
                    Some((_, escaped @ ('\'' | '\\'))) => text.push(escaped),
                    _ => {
                        return Err(format!(
                            "{}: only ' {{ }} \\ can be escaped",
                            self.refused()
                        ));
                    }
                },
                other => text.push(other),
            }
        }
        Err(self.refused())
    }

    /// A path ends at a comma or bracket outside of its own brackets and quotes.
    fn path(&mut self) -> &'a str {
        let (mut depth, mut quoted) = (0_usize, false);
        let mut end = self.rest.len();
        for (index, c) in self.rest.char_indices() {
            match c {
                '\'' if depth > 0 => quoted = !quoted,
                _ if quoted => {}
                '[' | '(' => depth += 1,
                ']' => depth = depth.saturating_sub(1),
                ')' if depth > 0 => depth -= 1,
                ',' | ')' if depth == 0 => {
                    end = index;
                    break;
                }
                _ => {}
            }
        }
        let (path, rest) = self.rest.split_at(end);
        self.rest = rest;
        path.trim()
    }
}
