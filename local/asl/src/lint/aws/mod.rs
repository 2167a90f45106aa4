//! Holds the calls of Tasks to AWS's API models: that service and action exist, what they take, what they can fail with.

mod errors;
mod integration;
mod model;
mod nearest;
mod parameters;
mod unsupported;

use super::Finding;
use super::tree::State;
use crate::query::Language;
use integration::{Call, Parameters, optimized, parse};
use model::Operation;

use nearest::near;
use unsupported::is_unsupported;

pub use errors::service_errors;
pub use model::Catalog;
use model::Service;

/// Step Functions has no such service.
const UNKNOWN_SERVICE: &str = "UNKNOWN_SERVICE";
/// The service has no such action.
const UNKNOWN_ACTION: &str = "UNKNOWN_ACTION";
/// Step Functions does not call the action.
const UNSUPPORTED_ACTION: &str = "UNSUPPORTED_ACTION";
/// The action cannot be called that way.
const UNSUPPORTED_PATTERN: &str = "UNSUPPORTED_PATTERN";
/// The error cannot come of the action.
const IMPOSSIBLE_ERROR: &str = "IMPOSSIBLE_ERROR_NAME";
/// Nobody gets the token that is waited for.
const MISSING_TOKEN: &str = "MISSING_TASK_TOKEN";

/// Checks the call of a Task.
pub(super) fn check(state: &State<'_>, catalog: &Catalog, findings: &mut Vec<Finding>) {
    let Some(resource) = state.text("Resource").filter(|_| state.kind() == "Task") else {
        return;
    };
    if let Some((call, ending)) = parse(resource) {
        let at = format!("{}/Resource", state.at);
        let mut refuse = |code, message: String| findings.push(Finding::error(code, &at, message));
        match call {
            Call::Sdk { service, action } => {
                if ending.starts_with(".sync") {
                    let message = "SDK integrations do not wait for jobs. Poll the job, or use an optimized integration.";
                    refuse(UNSUPPORTED_PATTERN, message.to_owned());
                }
                match operation(catalog, service, action) {
                    Ok((service, operation)) => {
                        check_parameters(state, service, operation, &Parameters::Sdk, findings);
                    }
                    Err((code, message)) => refuse(code, message),
                }
            }
            Call::Optimized { service, action } => {
                check_optimized(state, (service, action, ending), catalog, findings);
            }
        }
        if ending == ".waitForTaskToken" {
            check_token(state, findings);
        }
    }
    check_errors(state, resource, catalog, findings);
}

fn operation<'a>(
    catalog: &'a Catalog,
    service: &str,
    action: &str,
) -> Result<(&'a Service, &'a Operation), (&'static str, String)> {
    let Some(model) = catalog.service(service) else {
        let near = near(service, catalog.services());
        let message = format!("AWS's SDK integrations have no service '{service}'.{near}");
        return Err((UNKNOWN_SERVICE, message));
    };
    if is_unsupported(service, action) {
        let message = format!(
            "Step Functions does not call '{service}:{action}'. Call it from a function, or use another action."
        );
        return Err((UNSUPPORTED_ACTION, message));
    }
    let found = model.operation(action).map(|operation| (model, operation));
    found.ok_or_else(|| {
        let actions: Vec<String> = model
            .operations
            .keys()
            .map(|name| camel_case(name))
            .collect();
        let near = near(action, actions.iter().map(String::as_str));
        let message = format!("The service '{service}' has no action '{action}'.{near}");
        (UNKNOWN_ACTION, message)
    })
}

fn camel_case(operation: &str) -> String {
    let mut letters = operation.chars();
    let first = letters.next().map(|first| first.to_ascii_lowercase());
    first.into_iter().chain(letters).collect()
}

fn check_optimized(
    state: &State<'_>,
    (service, action, ending): (&str, &str, &str),
    catalog: &Catalog,
    findings: &mut Vec<Finding>,
) {
    let at = format!("{}/Resource", state.at);
    let Some(integration) = optimized(service) else {
        let message = format!(
            "Step Functions has no optimized integration '{service}'. Use arn:aws:states:::aws-sdk:{service}:{action}, or one that exists."
        );
        findings.push(Finding::error(UNKNOWN_SERVICE, &at, message));
        return;
    };
    let known = integration.actions.iter().find(|(name, _)| *name == action);
    match known {
        None if integration.actions.is_empty() => {}
        None => {
            let near = near(action, integration.actions.iter().map(|(name, _)| *name));
            let message = format!(
                "The optimized integration '{service}' has no action '{action}'.{near} Others are called by aws-sdk:{service}:{action}."
            );
            findings.push(Finding::error(UNKNOWN_ACTION, &at, message));
        }
        Some((_, endings)) if !ending.is_empty() && !endings.contains(&ending) => {
            let message = format!(
                "'{service}:{action}' cannot be called with '{ending}'. Remove the ending."
            );
            findings.push(Finding::error(UNSUPPORTED_PATTERN, &at, message));
        }
        Some(_) => {}
    }
    let model = catalog.service(integration.model);
    if let Some(model) = model
        && let Some(operation) = model.operation(action)
    {
        check_parameters(state, model, operation, &integration.parameters, findings);
    }
}

fn check_parameters(
    state: &State<'_>,
    service: &Service,
    operation: &Operation,
    parameters: &Parameters,
    findings: &mut Vec<Finding>,
) {
    let field = match state.language {
        Language::Jsonata => "Arguments",
        Language::JsonPath => "Parameters",
    };
    // Without the field the input is what is passed, which nobody knows here.
    let Some(arguments) = state.members.get(field) else {
        return;
    };
    let at = format!("{}/{field}", state.at);
    let json: &[&str] = match parameters {
        Parameters::Unchecked => return,
        Parameters::Sdk => &[],
        Parameters::Api { json } => json,
    };
    let is_sdk = matches!(parameters, Parameters::Sdk);
    let Some(input) = &operation.input else {
        if arguments
            .as_object()
            .is_some_and(|members| !members.is_empty())
        {
            let message = "This action takes no parameters. Delete them.";
            findings.push(Finding::error(parameters::UNKNOWN, at, message));
        }
        return;
    };
    let mut check = parameters::Check {
        service,
        language: state.language,
        json,
        is_sdk,
        findings,
    };
    check.value(arguments, input, &at);
}

/// Somebody must be given the token.
fn check_token(state: &State<'_>, findings: &mut Vec<Finding>) {
    let arguments = state
        .members
        .get("Arguments")
        .or(state.members.get("Parameters"));
    // An expression or the whole context may hold it.
    let is_given = arguments.is_none_or(|arguments| {
        let text = arguments.to_string();
        text.contains("Task.Token")
            || text.contains("$states.context")
            || text.contains("\"$$\"")
            || arguments.is_string()
    });
    if !is_given {
        let message = "Nobody is given the task token, so nobody can answer. Pass $states.context.Task.Token, in JSONPath $$.Task.Token.";
        let at = format!("{}/Resource", state.at);
        findings.push(Finding::warning(MISSING_TOKEN, at, message));
    }
}

/// Names in Retry and Catch that the service cannot answer with.
fn check_errors(state: &State<'_>, resource: &str, catalog: &Catalog, findings: &mut Vec<Finding>) {
    let call = parse(resource);
    let is_function = match call {
        Some((
            Call::Optimized {
                service: "lambda", ..
            },
            _,
        )) => true,
        Some((_, ".waitForTaskToken")) => return,
        Some(_) => false,
        None if resource.contains(":lambda:") => true,
        // An activity fails with what its worker says.
        None => return,
    };
    let asked = if call.is_some() {
        resource
    } else {
        "arn:aws:states:::lambda:invoke"
    };
    let Some(possible) = service_errors(asked, catalog) else {
        return;
    };
    for list in ["Retry", "Catch"] {
        for (at, handler) in state.list(list) {
            for (index, name) in State::errors(handler).into_iter().enumerate() {
                // A function's own names are anything but Lambda's.
                let is_possible = name.starts_with("States.")
                    || is_function && !name.starts_with("Lambda.")
                    || possible.iter().any(|known| known == name);
                if !is_possible {
                    let near = near(name, possible.iter().map(String::as_str));
                    let message = if near.is_empty() {
                        format!(
                            "'{name}' cannot come of this call. It can meet {}.",
                            parameters::listed(possible.iter())
                        )
                    } else {
                        format!("'{name}' cannot come of this call.{near}")
                    };
                    let at = format!("{at}/ErrorEquals/{index}");
                    findings.push(Finding::warning(IMPOSSIBLE_ERROR, at, message));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Catalog, service_errors};

    #[test]
    fn a_catalog_without_the_service_says_nothing() {
        let resource = "arn:aws:states:::aws-sdk:s3:putObject";
        assert_eq!(service_errors(resource, &Catalog::new(String::new())), None);
    }
}
