//! Parses what follows the root of a path.

use serde_json::{Number, Value};

use super::filter::{Comparator, Filter, Operand};
use super::{Selection, Step};

/// Deepest nesting of filters and their brackets, so that parsing is bounded.
const MAX_DEPTH: usize = 20;

/// The steps of a path; the error says what is wrong.
pub(super) fn steps(source: &str) -> Result<Vec<Step>, String> {
    let mut parser = Parser {
        rest: source,
        depth: 0,
    };
    let steps = parser.steps(|_| false)?;
    if parser.rest.is_empty() {
        Ok(steps)
    } else {
        Err(parser.unexpected())
    }
}

struct Parser<'a> {
    rest: &'a str,
    depth: usize,
}

/// Ends a name within a filter, besides `.` and `[`.
fn ends_operand(c: char) -> bool {
    c.is_whitespace() || matches!(c, ')' | ']' | '=' | '!' | '<' | '>' | '&' | '|' | ',')
}

impl<'a> Parser<'a> {
    fn unexpected(&self) -> String {
        match self.rest.chars().next() {
            Some(c) => format!("unexpected '{c}' at '{}'", self.rest),
            None => "it ends too early".to_owned(),
        }
    }

    fn skip_space(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn take(&mut self, token: &str) -> bool {
        match self.rest.strip_prefix(token) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn expect(&mut self, token: &str) -> Result<(), String> {
        self.skip_space();
        if self.take(token) {
            Ok(())
        } else {
            Err(self.unexpected())
        }
    }

    fn word(&mut self, ends: impl Fn(char) -> bool) -> &'a str {
        let (word, rest) = self
            .rest
            .split_at(self.rest.find(ends).unwrap_or(self.rest.len()));
        self.rest = rest;
        word
    }

    /// `.name`, `..name`, `[…]`, as far as they go.
    fn steps(&mut self, ends: fn(char) -> bool) -> Result<Vec<Step>, String> {
        let mut steps = Vec::new();
        loop {
            let is_deep = self.take("..");
            let has_dot = is_deep || self.take(".");
            let selection = if self.take("[") {
                self.bracket()?
            } else if has_dot {
                self.name(ends)?
            } else {
                return Ok(steps);
            };
            steps.push(Step { is_deep, selection });
        }
    }

    fn name(&mut self, ends: fn(char) -> bool) -> Result<Selection, String> {
        let name = self.word(|c| c == '.' || c == '[' || ends(c));
        if name.is_empty() {
            return Err(self.unexpected());
        }
        if name.contains(char::is_whitespace) {
            return Err(format!("a name with blanks needs brackets: ['{name}']"));
        }
        Ok(if name == "*" {
            Selection::Everything
        } else {
            Selection::Names(vec![name.to_owned()])
        })
    }

    /// What stands in brackets, the closing one included.
    fn bracket(&mut self) -> Result<Selection, String> {
        self.skip_space();
        let selection = match self.rest.chars().next() {
            Some('*') => {
                self.take("*");
                Selection::Everything
            }
            Some('?') => {
                self.take("?");
                Selection::Filter(self.either()?)
            }
            Some('\'' | '"') => Selection::Names(self.list(Self::quoted)?),
            _ => self.numbers()?,
        };
        self.expect("]")?;
        Ok(selection)
    }

    fn list<T>(&mut self, item: fn(&mut Self) -> Result<T, String>) -> Result<Vec<T>, String> {
        let mut items = Vec::new();
        loop {
            self.skip_space();
            items.push(item(self)?);
            self.skip_space();
            if !self.take(",") {
                return Ok(items);
            }
        }
    }

    /// A name or text in quotes; a backslash takes the next character as it is.
    fn quoted(&mut self) -> Result<String, String> {
        let mut characters = self.rest.char_indices();
        let Some((_, quote @ ('\'' | '"'))) = characters.next() else {
            return Err(self.unexpected());
        };
        let mut text = String::new();
        while let Some((index, c)) = characters.next() {
            match c {
                '\\' => text.extend(characters.next().map(|(_, escaped)| escaped)),
                c if c == quote => {
                    self.rest = self.rest.get(index + 1..).unwrap_or_default();
                    return Ok(text);
                }
                c => text.push(c),
            }
        }
        Err("a quote is not closed".to_owned())
    }

    fn integer(&mut self) -> Result<i64, String> {
        let digits = self.word(|c| !c.is_ascii_digit() && c != '-');
        digits.parse().map_err(|_| self.unexpected())
    }

    fn bound(&mut self) -> Result<Option<i64>, String> {
        self.skip_space();
        let has_number = self
            .rest
            .starts_with(|c: char| c.is_ascii_digit() || c == '-');
        let bound = has_number.then(|| self.integer()).transpose()?;
        self.skip_space();
        Ok(bound)
    }

    /// `3`, `0,2`, `1:`, `:5:2`.
    fn numbers(&mut self) -> Result<Selection, String> {
        let from = self.bound()?;
        if self.take(":") {
            let to = self.bound()?;
            let step = if self.take(":") { self.bound()? } else { None };
            return Ok(Selection::Slice {
                from,
                to,
                step: step.unwrap_or(1),
            });
        }
        let mut indexes = vec![from.ok_or_else(|| self.unexpected())?];
        if self.take(",") {
            indexes.extend(self.list(Self::integer)?);
        }
        Ok(Selection::Indexes(indexes))
    }

    /// Tests with `||` between them.
    fn either(&mut self) -> Result<Filter, String> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err("filters are nested too deeply".to_owned());
        }
        let mut tests = vec![self.both()?];
        self.skip_space();
        while self.take("||") {
            tests.push(self.both()?);
            self.skip_space();
        }
        self.depth -= 1;
        Ok(match tests.pop() {
            Some(single) if tests.is_empty() => single,
            last => {
                tests.extend(last);
                Filter::Or(tests)
            }
        })
    }

    /// Tests with `&&` between them.
    fn both(&mut self) -> Result<Filter, String> {
        let mut tests = vec![self.test()?];
        self.skip_space();
        while self.take("&&") {
            tests.push(self.test()?);
            self.skip_space();
        }
        Ok(match tests.pop() {
            Some(single) if tests.is_empty() => single,
            last => {
                tests.extend(last);
                Filter::And(tests)
            }
        })
    }

    fn test(&mut self) -> Result<Filter, String> {
        self.skip_space();
        if self.take("!") {
            self.depth += 1;
            if self.depth > MAX_DEPTH {
                return Err("filters are nested too deeply".to_owned());
            }
            let inner = self.test()?;
            self.depth -= 1;
            return Ok(Filter::Not(Box::new(inner)));
        }
        if self.take("(") {
            let inner = self.either()?;
            self.expect(")")?;
            return Ok(inner);
        }
        let left = self.operand()?;
        self.skip_space();
        let Some(comparator) = self.comparator() else {
            return match left {
                Operand::Literal(_) => Err(self.unexpected()),
                path => Ok(Filter::Exists(path)),
            };
        };
        self.skip_space();
        Ok(Filter::Compare(left, comparator, self.operand()?))
    }

    fn comparator(&mut self) -> Option<Comparator> {
        let symbols = [
            ("==", Comparator::Equal),
            ("!=", Comparator::NotEqual),
            ("<=", Comparator::AtMost),
            (">=", Comparator::AtLeast),
            ("<", Comparator::Less),
            (">", Comparator::Greater),
            ("in ", Comparator::In),
            ("nin ", Comparator::NotIn),
            ("in[", Comparator::In),
            ("nin[", Comparator::NotIn),
        ];
        let (symbol, comparator) = symbols
            .into_iter()
            .find(|(symbol, _)| self.rest.starts_with(symbol))?;
        self.take(symbol.trim_end_matches('['));
        Some(comparator)
    }

    fn operand(&mut self) -> Result<Operand, String> {
        if self.take("@") {
            return Ok(Operand::Item(self.steps(ends_operand)?));
        }
        if self.take("$") {
            return Ok(Operand::Root(self.steps(ends_operand)?));
        }
        if self.take("[") {
            self.skip_space();
            let items = if self.rest.starts_with(']') {
                Vec::new()
            } else {
                self.list(Self::literal)?
            };
            self.expect("]")?;
            return Ok(Operand::Literal(Value::Array(items)));
        }
        self.literal().map(Operand::Literal)
    }

    fn literal(&mut self) -> Result<Value, String> {
        if self.rest.starts_with(['\'', '"']) {
            return self.quoted().map(Value::String);
        }
        let before = self.rest;
        Ok(match self.word(ends_operand) {
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            "null" => Value::Null,
            word => {
                let Ok(number) = word.parse::<Number>() else {
                    self.rest = before;
                    return Err(self.unexpected());
                };
                Value::Number(number)
            }
        })
    }
}
