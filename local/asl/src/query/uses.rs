//! What a `JSONata` expression takes from outside: which variables, which members of `$states`, and how much of each. Only
//! that is converted for the evaluation, so that a test of one field costs the same whatever else is in the input.

use std::collections::BTreeMap;

/// The members of `$states`.
const STATES: [&str; 4] = ["input", "result", "errorOutput", "context"];

/// Names of an expression that are looked up in the scope.
#[derive(Debug, Default)]
pub(super) struct Uses {
    /// Every `$name`, functions too.
    pub(super) variables: BTreeMap<String, Need>,
    /// Members of `$states`.
    pub(super) states: BTreeMap<&'static str, Need>,
}

/// How much of a value is needed.
#[derive(Debug)]
pub(super) enum Need {
    Whole,
    /// Of an object no more than these; of anything else the whole.
    Members(BTreeMap<String, Need>),
}

impl Uses {
    /// Every `$name` of the text; one within a string literal does no harm.
    pub(super) fn of(source: &str) -> Self {
        let mut uses = Self::default();
        // Parents (%), focus (@) and index (#) lead back from a value to what is around it.
        let is_plain = !source.contains(['%', '@', '#']);
        for part in source.split('$').skip(1) {
            let end = part
                .find(|c: char| !c.is_alphanumeric() && c != '_')
                .unwrap_or(part.len());
            let (name, rest) = part.split_at(end);
            let (member, path) = match name {
                "" => continue,
                "states" => step(rest).unwrap_or(("", rest)),
                _ => ("", rest),
            };
            let path = if is_plain { steps(path) } else { Vec::new() };
            if name != "states" {
                uses.variables
                    .entry(name.to_owned())
                    .or_insert_with(Need::nothing)
                    .add(&path);
            } else if let Some(member) = STATES.into_iter().find(|known| *known == member) {
                let need = uses.states.entry(member).or_insert_with(Need::nothing);
                need.add(&path);
            } else {
                // Which member is meant shows only when it is evaluated.
                uses.states
                    .extend(STATES.map(|member| (member, Need::Whole)));
            }
        }
        uses
    }
}

impl Need {
    fn nothing() -> Self {
        Self::Members(BTreeMap::new())
    }

    fn add(&mut self, path: &[&str]) {
        match (path.split_first(), self) {
            (_, Self::Whole) => {}
            (None, need) => *need = Self::Whole,
            (Some((first, rest)), Self::Members(members)) => members
                .entry((*first).to_owned())
                .or_insert_with(Self::nothing)
                .add(rest),
        }
    }

    /// Whether the value at the path, or some of it, is needed.
    pub(super) fn reaches(&self, path: &[&str]) -> bool {
        match (self, path.split_first()) {
            (Self::Whole, _) | (_, None) => true,
            (Self::Members(members), Some((first, rest))) => {
                members.get(*first).is_some_and(|need| need.reaches(rest))
            }
        }
    }
}

/// The names that the text goes on with: `.a.b`.
fn steps(text: &str) -> Vec<&str> {
    std::iter::successors(step(text), |(_, rest)| step(rest))
        .map(|(name, _)| name)
        .collect()
}

/// The name that the text goes on with, and what follows; None where it is no plain name.
fn step(text: &str) -> Option<(&str, &str)> {
    let rest = text.trim_start().strip_prefix('.')?.trim_start();
    let end = rest
        .find(|c: char| !c.is_alphanumeric() && c != '_')
        .unwrap_or(rest.len());
    let (name, rest) = rest.split_at(end);
    let is_name = name.starts_with(|c: char| c.is_alphabetic() || c == '_');
    // Any other character would be part of the name; a bracket makes it a call.
    let ends = rest
        .trim_start()
        .chars()
        .next()
        .is_none_or(|c| ".[]{}),;:?+-*/&=<>!^~|".contains(c))
        || rest.starts_with(char::is_whitespace) && !rest.trim_start().starts_with('(');
    (is_name && ends).then_some((name, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(source: &str, root: &str, path: &[&str], is_needed: bool) {
        let uses = Uses::of(source);
        let need = uses.states.get(root).or_else(|| uses.variables.get(root));
        let reached = need.is_some_and(|need| need.reaches(path));
        assert_eq!(reached, is_needed, "{source}: {root} {path:?}, {uses:?}");
    }

    #[test]
    fn only_what_a_path_names_is_needed() {
        for (source, root, path, is_needed) in [
            ("$states.input.a.b", "input", ["a", "b"], true),
            ("$states.input.a.b", "input", ["a", "c"], false),
            ("$states.input.a.b", "result", ["a", "b"], false),
            ("$states . input\n.a", "input", ["a", "b"], true),
            ("$states.input.a[b = 1]", "input", ["a", "b"], true),
            ("$states.input.a and $x", "input", ["b", "a"], false),
            ("$job.a = $states.input.b", "job", ["a", "z"], true),
            ("$job.a = $states.input.b", "job", ["b", "z"], false),
            (
                "$states.context.Map.Item",
                "context",
                ["Execution", "Input"],
                false,
            ),
        ] {
            check(source, root, &path, is_needed);
        }
    }

    #[test]
    fn what_is_no_plain_path_needs_the_whole() {
        for source in [
            "$states",
            "$states.input",
            "$states.*.a",
            "$states.`input`.a",
            "$states.input.`a b`",
            "$states.input.\"a\"",
            "$states.input.*",
            "$states.input.**.a",
            "$states.input.a.%.b",
            "$states.input.a@$x.b",
            "$states.input.a#$i.b",
            "$states.input.a(1)",
            "$states.input.a (1)",
            "$states.input.aé’b",
            "$states.input[0].a",
            "$states.input{a: b}",
            "$states.input.{\"z\": z}",
            "$states.input/* of */.a",
            "$states.input ~> |a|{}|",
            "$lookup($states.input, 'z')",
            "$states.input.a + $count($states.input)",
        ] {
            check(source, "input", &["z"], true);
        }
    }
}
