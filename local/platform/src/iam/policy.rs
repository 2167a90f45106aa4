//! Evaluation of an identity policy, as IAM does it: what a Deny matches is denied, else what an Allow matches is
//! allowed, and all the rest is denied.
//!
//! The element `Condition` knows `StringEquals`; every other operator and element is refused when a policy is read, so
//! that nothing is allowed or denied by what was not understood.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::{Error, Need};

/// What a policy says to a need.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// A statement allows it and none denies it.
    Allowed,
    /// A statement denies it.
    DeniedExplicitly,
    /// No statement allows it.
    DeniedImplicitly,
}

/// An identity policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    statements: Vec<Statement>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Statement {
    effect: Effect,
    actions: Vec<String>,
    resources: Vec<String>,
    /// Values that a key of the request must have one of.
    equals: BTreeMap<String, Vec<String>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
enum Effect {
    Allow,
    Deny,
}

/// The policy language, as far as it is evaluated.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Document {
    #[serde(rename = "Version")]
    _version: String,
    statement: Vec<Element>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Element {
    #[serde(rename = "Sid")]
    _sid: Option<String>,
    effect: Effect,
    action: OneOrMany,
    resource: OneOrMany,
    #[serde(default)]
    condition: BTreeMap<String, BTreeMap<String, OneOrMany>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl From<OneOrMany> for Vec<String> {
    fn from(texts: OneOrMany) -> Self {
        match texts {
            OneOrMany::One(text) => vec![text],
            OneOrMany::Many(texts) => texts,
        }
    }
}

impl Policy {
    /// Reads a policy document.
    ///
    /// # Errors
    /// `Malformed`; `Unsupported` for an operator or a policy variable.
    pub fn parse(document: Value) -> Result<Self, Error> {
        let document: Document = serde_json::from_value(document)?;
        let statements = document.statement.into_iter().map(statement);
        Ok(Self {
            statements: statements.collect::<Result<_, _>>()?,
        })
    }

    /// What the policy says to a need.
    pub fn decide(&self, need: &Need) -> Decision {
        let says = |effect| {
            let mut statements = self.statements.iter();
            statements.any(|statement| statement.effect == effect && statement.matches(need))
        };
        if says(Effect::Deny) {
            Decision::DeniedExplicitly
        } else if says(Effect::Allow) {
            Decision::Allowed
        } else {
            Decision::DeniedImplicitly
        }
    }

    /// Whether the policy allows what is needed.
    pub fn allows(&self, need: &Need) -> bool {
        self.decide(need) == Decision::Allowed
    }
}

fn statement(element: Element) -> Result<Statement, Error> {
    let mut equals = BTreeMap::new();
    for (operator, keys) in element.condition {
        if operator != "StringEquals" {
            return Err(Error::Unsupported(format!("the operator {operator}")));
        }
        equals.extend(keys.into_iter().map(|(key, values)| (key, values.into())));
    }
    let resources: Vec<String> = element.resource.into();
    if let Some(variable) = resources.iter().find(|resource| resource.contains("${")) {
        return Err(Error::Unsupported(format!("the variable {variable}")));
    }
    Ok(Statement {
        effect: element.effect,
        actions: element.action.into(),
        resources,
        equals,
    })
}

impl Statement {
    fn matches(&self, need: &Need) -> bool {
        let action = need.action.to_ascii_lowercase();
        let acts = |pattern: &String| matches(&pattern.to_ascii_lowercase(), &action);
        // A key that the request does not have equals nothing.
        let holds = |(key, values): (&String, &Vec<String>)| {
            let mut given = need.context.iter();
            given.any(|(name, value)| name.eq_ignore_ascii_case(key) && values.contains(value))
        };
        self.actions.iter().any(acts)
            && self
                .resources
                .iter()
                .any(|one| matches(one, &need.resource))
            && self.equals.iter().all(holds)
    }
}

/// Whether a text fits a pattern, in which `*` stands for any letters and `?` for one.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut at, mut found) = (0, 0);
    // Where the last star stood, and how far it reached.
    let mut star: Option<(usize, usize)> = None;
    while found < text.len() {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, found));
                at += 1;
            }
            Some(letter) if *letter == b'?' || text.get(found) == Some(letter) => {
                at += 1;
                found += 1;
            }
            _ => {
                let Some((place, reach)) = star else {
                    return false;
                };
                star = Some((place, reach + 1));
                at = place + 1;
                found = reach + 1;
            }
        }
    }
    pattern.iter().skip(at).all(|letter| *letter == b'*')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_star_is_anything_and_a_question_mark_one_letter() {
        let check = |pattern: &str, text: &str, expected: bool| {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        };
        check("a:b", "a:b", true);
        check("a:b", "a:bc", false);
        check("a:*", "a:b/c", true);
        check("a:*", "a:", true);
        check("a:*", "b:a", false);
        check("a/*:*", "a/b:c", true);
        check("a/*:*", "a:b/c", false);
        check("*a*b", "xaxbxb", true);
        check("*a*b", "xaxbx", false);
        check("a?c", "abc", true);
        check("a?c", "ac", false);
        check("*", "", true);
        check("", "a", false);
    }

    /// Two buckets, of which one may be read but for a folder, and a role that may be passed to one service.
    fn policy() -> Policy {
        let document = json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": ["s3:Get*", "s3:ListBucket"], "Resource": ["arn:aws:s3:::b", "arn:aws:s3:::b/*"]},
            {"Effect": "Deny", "Action": "s3:*", "Resource": "arn:aws:s3:::b/secret/?"},
            {"Effect": "Allow", "Action": "iam:PassRole", "Resource": "arn:role",
                "Condition": {"StringEquals": {"iam:PassedToService": ["mediaconvert.amazonaws.com"]}}},
        ]});
        Policy::parse(document).expect("a policy of the test")
    }

    #[test]
    fn a_deny_wins_and_what_is_not_allowed_is_denied() {
        let check = |action: &str, resource: &str, expected: Decision| {
            let need = Need::new(action, resource);
            assert_eq!(policy().decide(&need), expected, "{need:?}");
        };
        check("s3:GetObject", "arn:aws:s3:::b/a/b", Decision::Allowed);
        check("S3:getobject", "arn:aws:s3:::b/a", Decision::Allowed);
        check(
            "s3:GetObject",
            "arn:aws:s3:::B/a",
            Decision::DeniedImplicitly,
        );
        check(
            "s3:GetObject",
            "arn:aws:s3:::b/secret/1",
            Decision::DeniedExplicitly,
        );
        check(
            "s3:GetObject",
            "arn:aws:s3:::b/secret/12",
            Decision::Allowed,
        );
        check(
            "s3:PutObject",
            "arn:aws:s3:::b/a",
            Decision::DeniedImplicitly,
        );
        check(
            "s3:PutObject",
            "arn:aws:s3:::b/secret/1",
            Decision::DeniedExplicitly,
        );
        check("iam:PassRole", "arn:role", Decision::DeniedImplicitly);
    }

    #[test]
    fn a_condition_wants_its_key_and_one_of_its_values() {
        let check = |service: &str, expected: bool| {
            let need = Need::new("iam:PassRole", "arn:role").with("iam:passedtoservice", service);
            assert_eq!(policy().allows(&need), expected, "{service}");
        };
        check("mediaconvert.amazonaws.com", true);
        check("ec2.amazonaws.com", false);
    }

    #[test]
    fn what_is_not_evaluated_is_refused_when_it_is_read() {
        let check = |statement: Value, expected: &str| {
            let document = json!({"Version": "2012-10-17", "Statement": [statement]});
            let error = Policy::parse(document).expect_err("a policy that cannot be read");
            assert!(error.to_string().contains(expected), "{error}");
        };
        let with = |name: &str, value: Value| {
            let mut statement = json!({"Effect": "Allow", "Action": "a:B", "Resource": "*"});
            statement[name] = value;
            statement
        };
        let condition = json!({"StringLike": {"aws:PrincipalTag/a": "b"}});
        check(with("Condition", condition), "the operator StringLike");
        check(
            with("Resource", json!("arn:${aws:username}")),
            "the variable",
        );
        check(with("NotAction", json!("a:C")), "NotAction");
        check(with("Effect", json!("Maybe")), "Maybe");
    }
}
