//! What a record of calls shows of the roles: what was refused, and what is allowed but was never used.
//!
//! A pure function of the table and the record. Without enforcement the calls went through; then it says what would have
//! been refused.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::Serialize;

use super::{Error, Need, Policy, Role, Table, facets, policies};
use crate::record::RecordedCall;

/// Codes of answers for objects that are not there; HEAD's answer has a status only.
const MISSING: [&str; 4] = ["404", "NoSuchKey", "NoSuchVersion", "NotFound"];
/// Codes of S3's refusals.
const REFUSED: [&str; 2] = ["403", "AccessDenied"];

/// What a record shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Recorded calls of principals with a role.
    pub calls: usize,
    /// What no policy allows.
    pub refused: Vec<Refused>,
    /// What policies allow and nobody did.
    pub unused: Vec<Use>,
}

/// A right that a principal lacks for a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Refused {
    /// Who called.
    pub principal: String,
    /// What was called, by its name in `permissions.json`.
    pub call: String,
    /// The IAM action that is not allowed.
    pub action: String,
    /// On this ARN, or `*`.
    pub resource: String,
    /// How often.
    pub count: usize,
    /// Time of the first, RFC 3339.
    pub first: String,
    /// Time of the last.
    pub last: String,
}

/// A call of a role on one of its targets.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Use {
    /// The role.
    pub role: String,
    /// The call.
    pub call: String,
    /// The target.
    pub target: String,
}

/// Compares the calls, oldest first, with the table.
///
/// # Errors
/// [`Error`]: the table is not whole.
pub fn report<'a>(
    table: &Table,
    calls: impl IntoIterator<Item = &'a RecordedCall>,
) -> Result<Report, Error> {
    let principals = policies(table)?;
    let mut uses = Uses::new(table);
    let mut count = 0;
    let mut refused: BTreeMap<[String; 4], Refused> = BTreeMap::new();
    for call in calls {
        let (Some(principal), Some(role)) = (
            principals.get(&call.principal),
            table.roles.of(&call.principal),
        ) else {
            continue;
        };
        count += 1;
        let lacking = lacking(&principal.policy, call);
        if lacking.is_empty() {
            uses.add(role, call);
        }
        for need in lacking {
            let new = || Refused::of(call, need);
            let key =
                [&call.principal, &name(call), &need.action, &need.resource].map(Clone::clone);
            let entry = refused.entry(key).or_insert_with(new);
            entry.count += 1;
            entry.last.clone_from(&call.time);
        }
    }
    let allowed = allowed(table);
    Ok(Report {
        calls: count,
        refused: refused.into_values().collect(),
        unused: allowed.difference(&uses.found).cloned().collect(),
    })
}

impl Refused {
    fn of(call: &RecordedCall, need: &Need) -> Self {
        Self {
            principal: call.principal.clone(),
            call: name(call),
            action: need.action.clone(),
            resource: need.resource.clone(),
            count: 0,
            first: call.time.clone(),
            last: call.time.clone(),
        }
    }
}

/// The rights of a call that its caller does not have.
fn lacking<'a>(policy: &Policy, call: &'a RecordedCall) -> Vec<&'a Need> {
    let lacking = |when_missing: bool| -> Vec<&Need> {
        let needs = call.needs.iter();
        let needs = needs.filter(|need| need.when_missing == when_missing);
        needs.filter(|need| !policy.allows(need)).collect()
    };
    let always = lacking(false);
    let error = call.error.as_deref().unwrap_or_default();
    // A refusal that nothing else explains hides that the object is missing.
    if always.is_empty() && (MISSING.contains(&error) || REFUSED.contains(&error)) {
        return lacking(true);
    }
    always
}

/// The name of a recorded call in the table.
fn name(call: &RecordedCall) -> String {
    let RecordedCall {
        service, action, ..
    } = call;
    match (&call.within, &call.variant) {
        (Some(within), _) => within.clone(),
        (None, Some(variant)) => format!("{service}:{action}.{variant}"),
        (None, None) => format!("{service}:{action}"),
    }
}

/// Everything that the table allows.
pub fn allowed(table: &Table) -> BTreeSet<Use> {
    let roles = table.roles.all();
    let calls = roles.flat_map(|(role, calls)| calls.iter().map(move |call| (role, call)));
    let uses = calls.flat_map(|(role, (call, targets))| {
        targets.iter().map(move |target| Use {
            role: role.clone(),
            call: call.clone(),
            target: target.clone(),
        })
    });
    uses.collect()
}

/// The uses that calls have shown.
struct Uses<'a> {
    table: &'a Table,
    found: BTreeSet<Use>,
    /// What patterns say which target was meant, by role and call.
    patterns: HashMap<(String, String), Vec<(String, String)>>,
}

impl<'a> Uses<'a> {
    fn new(table: &'a Table) -> Self {
        Self {
            table,
            found: BTreeSet::new(),
            patterns: HashMap::new(),
        }
    }

    fn add(&mut self, role: &Role, call: &RecordedCall) {
        let name = name(call);
        let table = self.table;
        let patterns = self
            .patterns
            .entry((call.principal.clone(), name.clone()))
            .or_insert_with_key(|(_, name)| patterns(table, role, name));
        let meant = patterns.iter().filter(|(pattern, _)| {
            // What is allowed on anything must not hide that another target was meant.
            (pattern != "*" || call.resource == "*")
                && super::policy::matches(pattern, &call.resource)
        });
        self.found.extend(meant.map(|(_, target)| Use {
            role: call.principal.clone(),
            call: name.clone(),
            target: target.clone(),
        }));
    }
}

/// Patterns of ARNs with the targets that they mean; those that several targets of the call share mean none.
fn patterns(table: &Table, role: &Role, call: &str) -> Vec<(String, String)> {
    let mut found: BTreeMap<String, BTreeSet<&String>> = BTreeMap::new();
    let statements = table.calls.get(call).into_iter().flatten();
    for statement in statements {
        for target in role.get(call).into_iter().flatten() {
            let arns = facets(table, target).and_then(|mut facets| facets.remove(&*statement.on));
            for arn in arns.into_iter().flatten() {
                found.entry(arn).or_default().insert(target);
            }
        }
    }
    let single = found.into_iter().filter_map(|(arn, targets)| {
        let mut targets = targets.into_iter();
        match (targets.next(), targets.next()) {
            (Some(target), None) => Some((arn, target.clone())),
            _ => None,
        }
    });
    single.collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::record::accesses;

    fn calls(
        principal: &str,
        operation: &str,
        parameters: &Value,
        error: Option<&str>,
    ) -> Vec<RecordedCall> {
        let (service, action) = operation.split_once(':').unwrap_or_default();
        let accesses = accesses(service, action, parameters).into_iter();
        let record = accesses.map(|access| RecordedCall {
            time: "2026-01-01T00:00:00Z".to_owned(),
            principal: principal.to_owned(),
            service: service.to_owned(),
            action: action.to_owned(),
            resource: access.resource,
            variant: access.variant.map(str::to_owned),
            within: None,
            needs: access.needs,
            error: error.map(str::to_owned),
        });
        record.collect()
    }

    fn object(key: &str) -> Value {
        json!({"Bucket": "videoflow-local-output", "Key": key})
    }

    fn of(calls: &[RecordedCall]) -> Report {
        let table = Table::committed().expect("the table");
        report(&table, calls).expect("a report")
    }

    #[test]
    fn refusals_are_counted_by_right() {
        let check = |calls: &[RecordedCall], expected: &[(&str, &str, usize)]| {
            let refused = of(calls).refused;
            let found: Vec<_> = refused
                .iter()
                .map(|refused| {
                    (
                        refused.principal.as_str(),
                        refused.action.as_str(),
                        refused.count,
                    )
                })
                .collect();
            assert_eq!(found, expected);
        };
        let put = |key: &str| calls("align-streams", "s3:PutObject", &object(key), None);
        check(&put("work/a"), &[]);
        check(
            &[put("media/a"), put("media/a")].concat(),
            &[("align-streams", "s3:PutObject", 2)],
        );
        check(
            &calls("AKIA", "s3:PutObject", &object("media/a"), None),
            &[],
        );
        let get = |error| calls("jobs-api", "s3:GetObject", &object("work/a"), error);
        let read = ("jobs-api", "s3:GetObject", 1);
        check(&get(None), &[read]);
        check(&get(Some("AccessDenied")), &[read]);
        let write = |error| {
            calls(
                "collect-labels",
                "s3:GetObject",
                &object("published/a"),
                error,
            )
        };
        check(
            &write(Some("NoSuchKey")),
            &[("collect-labels", "s3:GetObject", 1)],
        );
    }

    #[test]
    fn a_call_uses_the_target_that_it_acts_on() {
        let check = |calls: &[RecordedCall], call: &str, target: &str, expected: bool| {
            let unused = of(calls).unused;
            let role = calls
                .first()
                .map(|call| call.principal.clone())
                .unwrap_or_default();
            let (call, target) = (call.to_owned(), target.to_owned());
            let is_used = !unused.contains(&Use { role, call, target });
            assert_eq!(is_used, expected, "{calls:?}");
        };
        let get = calls("check-quality", "s3:GetObject", &object("work/a"), None);
        check(&get, "s3:GetObject", "work", true);
        check(&get, "s3:GetObject", "media", false);
        let head = calls("publish-assets", "s3:HeadObject", &object("media/a"), None);
        check(&head, "s3:HeadObject", "media", true);
        check(&head, "s3:GetObject", "media", false);
        let refused = calls(
            "publish-assets",
            "s3:HeadObject",
            &object("work/a"),
            Some("403"),
        );
        check(&refused, "s3:HeadObject", "media", false);
    }
}
