//! Paths in brackets, as AWS's messages show them.

use std::fmt;

use super::{Path, Root, Selection, Step};

/// The path in brackets: what AWS's messages show, and what compiles to the same path.
impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.root {
            Root::Input => f.write_str("$")?,
            Root::Context => f.write_str("$$")?,
            Root::Variable(name) => write!(f, "${name}")?,
        }
        Printed(&self.steps).fmt(f)
    }
}

pub(super) struct Printed<'a>(pub(super) &'a [Step]);

impl fmt::Display for Printed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = |number: &Option<i64>| number.map(|n| n.to_string()).unwrap_or_default();
        for step in self.0 {
            f.write_str(if step.is_deep { "..[" } else { "[" })?;
            match &step.selection {
                Selection::Names(names) => {
                    let names: Vec<String> = names.iter().map(|name| quote(name)).collect();
                    f.write_str(&names.join(","))?;
                }
                Selection::Indexes(indexes) => {
                    let indexes: Vec<String> = indexes.iter().map(i64::to_string).collect();
                    f.write_str(&indexes.join(","))?;
                }
                Selection::Slice { from, to, step: 1 } => {
                    write!(f, "{}:{}", number(from), number(to))?;
                }
                Selection::Slice { from, to, step } => {
                    write!(f, "{}:{}:{step}", number(from), number(to))?;
                }
                Selection::Everything => f.write_str("*")?,
                Selection::Filter(filter) => write!(f, "?({filter})")?,
            }
            f.write_str("]")?;
        }
        Ok(())
    }
}

pub(super) fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}
