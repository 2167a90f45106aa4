//! The policies of the roles: the table's statements on the targets of each role's calls.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Error, Policy, Role, Table, facets};
use crate::names::{ACCOUNT, prefixed};

/// Whose role it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A function's.
    Function,
    /// A state machine's.
    Machine,
    /// A service's that acts for us.
    Service,
}

impl Kind {
    /// How the names of such roles end.
    pub fn ending(self) -> &'static str {
        match self {
            Self::Function => "-lambda",
            Self::Machine => "-states",
            Self::Service => "",
        }
    }
}

/// Someone with a role.
#[derive(Debug, Clone)]
pub struct Principal {
    /// What it may do.
    pub policy: Policy,
    /// Whom a refusal names: `arn:aws:sts::000000000000:assumed-role/<role>/<session>`.
    pub arn: String,
}

/// Everyone with a role, by the name that calls have.
///
/// # Errors
/// The table is not whole, or says what is not evaluated.
pub fn policies(table: &Table) -> Result<BTreeMap<String, Principal>, Error> {
    let roles = &table.roles;
    let kinds = [
        (Kind::Function, &roles.functions),
        (Kind::Machine, &roles.machines),
        (Kind::Service, &roles.services),
    ];
    let roles = kinds
        .into_iter()
        .flat_map(|(kind, roles)| roles.iter().map(move |(name, role)| (kind, name, role)));
    let principals = roles.map(|(kind, name, role)| {
        let policy = Policy::parse(document(table, name, role)?)?;
        let full_name = prefixed(name);
        // Lambda names the session after the function; Step Functions takes random letters.
        let arn = format!(
            "arn:aws:sts::{ACCOUNT}:assumed-role/{full_name}{}/{full_name}",
            kind.ending()
        );
        Ok((name.clone(), Principal { policy, arn }))
    });
    principals.collect()
}

/// The policy document of a role. A statement applies to every target that has its facet; another is passed over.
///
/// # Errors
/// `UnknownCall`, `UnknownTarget`.
pub fn document(table: &Table, name: &str, role: &Role) -> Result<Value, Error> {
    let mut statements = Vec::new();
    for (call, targets) in role {
        let needed = table.calls.get(call).ok_or_else(|| Error::UnknownCall {
            role: name.to_owned(),
            call: call.clone(),
        })?;
        for target in targets {
            let facets = facets(table, target).ok_or_else(|| Error::UnknownTarget {
                role: name.to_owned(),
                call: call.clone(),
                target: target.clone(),
            })?;
            for statement in needed {
                let Some(resources) = facets.get(&*statement.on) else {
                    continue;
                };
                statements.push(json!({
                    "Effect": "Allow",
                    "Action": statement.actions,
                    "Resource": resources,
                    "Condition": statement.conditions,
                }));
            }
        }
    }
    Ok(json!({"Version": "2012-10-17", "Statement": statements}))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_table_leaves_open_is_told_when_it_is_loaded() {
        let check = |change: fn(&mut Value), expected: &str| {
            let text = include_str!("../../../../terraform/permissions.json");
            let mut table: Value = serde_json::from_str(text).expect("a table");
            change(&mut table);
            let table = Table::parse(&table.to_string()).expect("the table's shape");
            let error = policies(&table).expect_err("a table that is not whole");
            assert!(error.to_string().contains(expected), "{error}");
        };
        check(
            |table| table["roles"]["machines"]["merge-brief"]["s3:Eat"] = json!(["work"]),
            "merge-brief makes s3:Eat, which is not among the calls",
        );
        check(
            |table| table["roles"]["machines"]["merge-brief"]["lambda:Invoke"] = json!(["nobody"]),
            "on nobody, which is no target",
        );
        check(
            |table| {
                let condition = json!({"Bool": {"aws:SecureTransport": ["true"]}});
                table["calls"]["lambda:Invoke"][0]["conditions"] = condition;
            },
            "the operator Bool",
        );
    }
}
