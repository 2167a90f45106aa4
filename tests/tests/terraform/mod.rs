//! Terraform: the platform planned and applied against AWS's provider schema, held to the definitions and the functions.
//!
//! What needs `terraform` or the offline provider says "skipped: …" where it is not at hand.

mod checks;
mod environments;
mod offline;
mod roles;
mod texts;
mod wiring;

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::Value;

use crate::support::root;

/// The folders in `terraform/<of>`, in order.
fn folders(of: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(root().join("terraform").join(of));
    let mut found: Vec<_> = entries
        .expect("a folder of terraform/")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.is_dir())
        .collect();
    found.sort();
    found
}

/// A resource of an applied configuration.
#[derive(Debug)]
pub struct Resource {
    /// `module.ingest_queue.aws_sqs_queue.this`.
    pub address: String,
    /// `aws_sqs_queue`.
    pub kind: String,
    /// Its attributes.
    pub values: Value,
}

impl Resource {
    /// An attribute that is a text.
    pub fn text(&self, attribute: &str) -> &str {
        self.values[attribute].as_str().unwrap_or_default()
    }
}

/// Every managed resource of a module as `terraform show -json` has it, those of the modules in it too.
fn resources(module: &Value) -> Vec<Resource> {
    let own = module["resources"].as_array().into_iter().flatten();
    let own = own
        .filter(|resource| resource["mode"] == "managed")
        .map(|resource| Resource {
            address: resource["address"].as_str().unwrap_or_default().to_owned(),
            kind: resource["type"].as_str().unwrap_or_default().to_owned(),
            values: resource["values"].clone(),
        });
    let inner = module["child_modules"].as_array().into_iter().flatten();
    own.chain(inner.flat_map(resources)).collect()
}

/// The applied development environment.
pub struct Applied {
    /// All its resources.
    pub resources: Vec<Resource>,
    /// The platform's outputs.
    pub outputs: Value,
    /// The state, as Terraform keeps it.
    state: String,
}

impl Applied {
    fn of(shown: &Value, state: String) -> Self {
        Self {
            resources: resources(&shown["values"]["root_module"]),
            outputs: shown["values"]["outputs"]["platform"]["value"].clone(),
            state,
        }
    }

    /// All resources of a type.
    pub fn of_kind<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Resource> {
        self.resources
            .iter()
            .filter(move |resource| resource.kind == kind)
    }

    /// All resources of a type by the last part of their name, without the environment's prefix.
    pub fn by_name<'a>(
        &'a self,
        kind: &'a str,
        attribute: &'a str,
    ) -> BTreeMap<&'a str, &'a Resource> {
        self.of_kind(kind)
            .map(|resource| (unprefixed(resource.text(attribute)), resource))
            .collect()
    }
}

/// Begins every name in the development environment.
const PREFIX: &str = "videoflow-dev-";

/// A name without the environment's prefix, or all of a name that has none.
pub fn unprefixed(name: &str) -> &str {
    name.split_once(PREFIX).map_or(name, |(_, rest)| rest)
}
