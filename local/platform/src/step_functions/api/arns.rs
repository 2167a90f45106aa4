//! ARNs in requests. AWS tells what is no ARN, what is one of another kind, and (later) what names nothing.

use super::error::{invalid, refusal};
use crate::service::ServiceError;

/// `arn:<partition>:states:<region>:<account>:stateMachine:<name>`, perhaps with a version or an alias.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct MachineArn<'a> {
    pub(super) unqualified: &'a str,
    pub(super) name: &'a str,
    pub(super) qualifier: Option<&'a str>,
}

/// The parts of a state machine's ARN.
pub(super) fn machine(arn: &str) -> Result<MachineArn<'_>, ServiceError> {
    let resource = resource(arn, "stateMachine")?;
    let (name, qualifier) = match resource.split_once(':') {
        Some((name, qualifier)) => (name, Some(qualifier)),
        None => (resource, None),
    };
    if name.contains('/') {
        return Err(invalid(&format!(
            "The ARN of a Distributed Map state is not supported by this API action: '{arn}'"
        )));
    }
    if name.is_empty() || qualifier.is_some_and(|text| text.is_empty() || text.contains(':')) {
        return Err(not_valid(arn));
    }
    let end = arn.len() - qualifier.map_or(0, |qualifier| qualifier.len() + 1);
    Ok(MachineArn {
        unqualified: arn.get(..end).unwrap_or(arn),
        name,
        qualifier,
    })
}

/// The parts of the ARN of a version or an alias, and that qualifier.
pub(super) fn qualified(arn: &str) -> Result<(MachineArn<'_>, &str), ServiceError> {
    let machine = machine(arn)?;
    let qualifier = machine.qualifier.ok_or_else(|| not_valid(arn))?;
    Ok((machine, qualifier))
}

/// An ARN that names a machine and no version or alias of it.
pub(super) fn unqualified(arn: &str) -> Result<&str, ServiceError> {
    match machine(arn)?.qualifier {
        None => Ok(arn),
        Some(_) => Err(not_valid(arn)),
    }
}

/// `arn:<partition>:states:<region>:<account>:execution:<machine>:<name>`, as it is.
pub(super) fn execution(arn: &str) -> Result<&str, ServiceError> {
    match resource(arn, "execution")?.split_once(':') {
        Some((machine, name)) if !machine.is_empty() && !name.is_empty() => Ok(arn),
        _ => Err(not_valid(arn)),
    }
}

/// `arn:<partition>:states:<region>:<account>:mapRun:<machine>/<label>:<id>`, as it is.
pub(super) fn map_run(arn: &str) -> Result<&str, ServiceError> {
    resource(arn, "mapRun").map(|_| arn)
}

/// A role's ARN, as it is.
pub(super) fn role(arn: &str) -> Result<&str, ServiceError> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    match parts.as_slice() {
        ["arn", _, "iam", "", _, role] if role.starts_with("role/") => Ok(arn),
        _ => Err(refusal("InvalidArn", &format!("Invalid Role Arn: '{arn}'"))),
    }
}

/// What stands behind the kind of an ARN of Step Functions.
fn resource<'a>(arn: &'a str, kind: &str) -> Result<&'a str, ServiceError> {
    if !arn.starts_with("arn:") {
        return Err(not_valid(&format!("Invalid ARN prefix: {arn}")));
    }
    let parts: Vec<&str> = arn.splitn(7, ':').collect();
    match parts.as_slice() {
        [_, _, "states", _, _, found, rest] if *found == kind && !rest.is_empty() => Ok(rest),
        [_, _, "states", _, _, found, _] if *found != kind => Err(not_valid(&format!(
            "Resource type not valid in this context: {found}"
        ))),
        _ => Err(not_valid(arn)),
    }
}

pub(super) fn not_valid(what: &str) -> ServiceError {
    refusal("InvalidArn", &format!("Invalid Arn: '{what}'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check<T>(found: Result<T, ServiceError>, expected: Result<(), &str>) {
        let found = found.map(drop).map_err(|error| error.to_string());
        assert_eq!(found, expected.map_err(str::to_owned));
    }

    #[test]
    fn machines_are_told_from_what_is_none() {
        let base = "arn:aws:states:us-east-1:000000000000:stateMachine:";
        check(machine(&format!("{base}m")), Ok(()));
        check(machine(&format!("{base}m:1")), Ok(()));
        check(machine(&format!("{base}m:live")), Ok(()));
        // Recorded on AWS, as is the next.
        check(
            machine("not_a_valid_arn"),
            Err("InvalidArn: Invalid Arn: 'Invalid ARN prefix: not_a_valid_arn'"),
        );
        check(
            machine("arn:aws:states:us-east-1:000000000000:express:m:e:1"),
            Err("InvalidArn: Invalid Arn: 'Resource type not valid in this context: express'"),
        );
        for wrong in ["", ":1", "m:", "m:1:2"] {
            let arn = format!("{base}{wrong}");
            check(
                machine(&arn),
                Err(&format!("InvalidArn: Invalid Arn: '{arn}'")),
            );
        }
        let labelled = format!("{base}m/Each");
        let refused = machine(&labelled).map(drop).map_err(|error| error.code);
        assert_eq!(refused, Err("ValidationException".to_owned()));
    }

    #[test]
    fn a_qualified_arn_has_its_machine_in_it() {
        let arn = "arn:aws:states:us-east-1:000000000000:stateMachine:m:live";
        let expected = MachineArn {
            unqualified: "arn:aws:states:us-east-1:000000000000:stateMachine:m",
            name: "m",
            qualifier: Some("live"),
        };
        assert_eq!(machine(arn), Ok(expected));
        check(
            unqualified(arn),
            Err(&format!("InvalidArn: Invalid Arn: '{arn}'")),
        );
        check(unqualified(expected.unqualified), Ok(()));
        check(qualified(arn), Ok(()));
    }

    #[test]
    fn executions_and_roles_are_told_from_others() {
        let base = "arn:aws:states:us-east-1:000000000000";
        check(execution(&format!("{base}:execution:m:e")), Ok(()));
        check(execution(&format!("{base}:execution:m/Map:e")), Ok(()));
        for wrong in ["execution:m:", "execution::e", "execution:m"] {
            let arn = format!("{base}:{wrong}");
            check(
                execution(&arn),
                Err(&format!("InvalidArn: Invalid Arn: '{arn}'")),
            );
        }
        check(role("arn:aws:iam::000000000000:role/r"), Ok(()));
        check(role("r"), Err("InvalidArn: Invalid Role Arn: 'r'"));
    }
}
