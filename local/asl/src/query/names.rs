//! The names that an expression takes from outside of itself.

use std::collections::BTreeSet;

use jsonata_core::ast::AstNode;
use jsonata_core::value::with_stack;
use serde_json::{Map, Value};

/// Functions of `JSONata` 2 and those that Step Functions adds.
const FUNCTIONS: &[&str] = &[
    "abs",
    "append",
    "assert",
    "average",
    "base64decode",
    "base64encode",
    "boolean",
    "ceil",
    "contains",
    "count",
    "decodeUrl",
    "decodeUrlComponent",
    "distinct",
    "each",
    "encodeUrl",
    "encodeUrlComponent",
    "error",
    "exists",
    "filter",
    "floor",
    "formatBase",
    "formatInteger",
    "formatNumber",
    "fromMillis",
    "hash",
    "join",
    "keys",
    "length",
    "lookup",
    "lowercase",
    "map",
    "match",
    "max",
    "merge",
    "millis",
    "min",
    "not",
    "now",
    "number",
    "pad",
    "parse",
    "parseInteger",
    "partition",
    "power",
    "random",
    "range",
    "reduce",
    "replace",
    "reverse",
    "round",
    "shuffle",
    "sift",
    "single",
    "sort",
    "split",
    "spread",
    "sqrt",
    "string",
    "substring",
    "substringAfter",
    "substringBefore",
    "sum",
    "toMillis",
    "trim",
    "type",
    "uppercase",
    "uuid",
    "zip",
];

/// Names read from outside.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Names {
    /// Variables; `states` and functions that are passed on by name are not among them.
    pub(crate) variables: BTreeSet<String>,
    /// Called functions that neither the language nor the expression has.
    pub(crate) unknown_functions: BTreeSet<String>,
}

fn is_function(name: &str) -> bool {
    FUNCTIONS.contains(&name)
}

impl Names {
    /// The names of a parsed expression. What it binds anywhere is taken as bound everywhere.
    pub(crate) fn of(ast: &AstNode) -> Self {
        let tree = with_stack(|| serde_json::to_value(ast)).unwrap_or_default();
        let (mut read, mut called, mut bound) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        let empty = Map::new();
        let mut open = vec![&tree];
        while let Some(node) = open.pop() {
            if let Value::Array(items) = node {
                open.extend(items);
            }
            for (key, value) in node.as_object().unwrap_or(&empty) {
                open.push(value);
                match key.as_str() {
                    "Variable" => read.extend(text(value)),
                    "focus" | "index_var" => bound.extend(text(value)),
                    "Function" => called.extend(value.get("name").and_then(text)),
                    "Lambda" => bound.extend(
                        value
                            .get("params")
                            .and_then(Value::as_array)
                            .into_iter()
                            .flatten()
                            .filter_map(text),
                    ),
                    "Binary" if value.get("op").is_some_and(|op| op == "ColonEqual") => {
                        bound.extend(value.pointer("/lhs/Variable").and_then(text));
                    }
                    _ => {}
                }
            }
        }
        read.retain(|name| {
            !name.is_empty()
                && name != "$"
                && name != "states"
                && !is_function(name)
                && !bound.contains(name)
        });
        called.retain(|name| !is_function(name) && !bound.contains(name));
        Self {
            variables: read,
            unknown_functions: called,
        }
    }
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::Names;

    fn check(source: &str, variables: &[&str], unknown_functions: &[&str]) {
        let ast = jsonata_core::parser::parse(source).expect("an expression");
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let expected = Names {
            variables: owned(variables),
            unknown_functions: owned(unknown_functions),
        };
        assert_eq!(Names::of(&ast), expected, "{source}");
    }

    #[test]
    fn finds_what_comes_from_outside() {
        check("$x + $states.input.y", &["x"], &[]);
        check("($a := 1; $a + $b)", &["b"], &[]);
        check("$map(list, function($v, $i) { $v * $i * $k })", &["k"], &[]);
        check("$map(list, $uppercase)", &[], &[]);
        check("$uuid() & $hash($x, 'MD5')", &["x"], &[]);
        check("$merg([$x])", &["x"], &["merg"]);
        check("($f := function() { 1 }; $f())", &[], &[]);
        check("list@$l#$i.{ 'i': $i, 'l': $l }", &[], &[]);
        check("$x.{ 'a': $, 'b': $$ }", &["x"], &[]);
    }
}
