//! The names of the errors that a call can meet.
//!
//! Names are Step Functions' own. An SDK integration has those of the AWS SDK for Java 2: the prefix in its spelling, and
//! every exception ending in `Exception`. What the API model does not list arrives as the service's base exception
//! (`S3.S3Exception`), and a connection that broke as `SdkClientException`. An optimized integration has the names of
//! the SDK for Java 1.

use super::integration::{Call, optimized, parse};
use super::model::Catalog;

/// S3 answers more codes than its model lists.
const UNLISTED: [(&str, &[&str]); 1] = [("s3", &["NoSuchKeyException", "NoSuchVersionException"])];

/// The names of the errors that the service of a Task's resource can answer with, sorted; besides these there are
/// `States.*`, and those of a function, a job or the holder of a token. None where the catalog cannot say.
pub fn service_errors(resource: &str, catalog: &Catalog) -> Option<Vec<String>> {
    let (call, _) = parse(resource)?;
    let (prefix, names) = match call {
        Call::Sdk { service, action } => {
            let model = catalog.service(service)?;
            let mut names: Vec<String> = model
                .exceptions(model.operation(action)?)
                .map(str::to_owned)
                .collect();
            names.push(format!("{}Exception", model.prefix));
            let more = UNLISTED.iter().filter(|(name, _)| *name == service);
            names.extend(more.flat_map(|(_, names)| owned(names)));
            (model.prefix.as_str(), names)
        }
        Call::Optimized { service, action } => {
            let integration = optimized(service)?;
            let errors = integration.errors.as_ref()?;
            let operation = catalog.service(integration.model)?.operation(action)?;
            let listed = operation.errors.iter();
            // The SDK for Java 1 keeps the shape's own spelling.
            let mut names: Vec<String> = listed
                .map(|shape| format!("{}Exception", shape.trim_end_matches("Exception")))
                .collect();
            names.extend(owned(errors.unlisted));
            (errors.prefix, names)
        }
    };
    let own = names.into_iter().chain(["SdkClientException".to_owned()]);
    let mut names: Vec<String> = own.map(|name| format!("{prefix}.{name}")).collect();
    names.sort();
    names.dedup();
    Some(names)
}

fn owned<'a>(names: &'a [&'a str]) -> impl Iterator<Item = String> + 'a {
    names.iter().map(|name| (*name).to_owned())
}
