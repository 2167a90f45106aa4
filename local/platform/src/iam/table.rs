//! `terraform/permissions.json`: which calls each role makes on which targets, and what each call needs.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::Error;

/// The file that Terraform reads.
const COMMITTED: &str = include_str!("../../../../terraform/permissions.json");

/// The table.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// What it is.
    #[serde(rename = "comment")]
    _comment: Vec<String>,
    /// What each call needs.
    pub calls: BTreeMap<String, Vec<Statement>>,
    /// Who makes which calls.
    pub roles: Roles,
}

/// Actions on a facet of each of a call's targets.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Statement {
    /// IAM actions: `s3:GetObject`.
    pub actions: Vec<String>,
    /// Facet of the targets.
    pub on: String,
    /// Values by key by operator.
    #[serde(default)]
    pub conditions: BTreeMap<String, BTreeMap<String, Vec<String>>>,
    /// Why, where it is not plain.
    pub reason: Option<String>,
}

/// Targets by call.
pub type Role = BTreeMap<String, BTreeSet<String>>;

/// The roles by name.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Roles {
    /// Of the functions.
    pub functions: BTreeMap<String, Role>,
    /// Of the state machines.
    pub machines: BTreeMap<String, Role>,
    /// Of the services that act for us.
    pub services: BTreeMap<String, Role>,
}

impl Roles {
    /// All of them; no two have the same name.
    pub fn all(&self) -> impl Iterator<Item = (&String, &Role)> {
        self.functions
            .iter()
            .chain(&self.machines)
            .chain(&self.services)
    }

    /// The role of a principal, if it has one.
    pub fn of(&self, principal: &str) -> Option<&Role> {
        self.functions
            .get(principal)
            .or_else(|| self.machines.get(principal))
            .or_else(|| self.services.get(principal))
    }
}

impl Table {
    /// The committed table, as it was when this program was built.
    ///
    /// # Errors
    /// `Malformed`.
    pub fn committed() -> Result<Self, Error> {
        Self::parse(COMMITTED)
    }

    /// Reads a table.
    ///
    /// # Errors
    /// `Malformed`.
    pub fn parse(text: &str) -> Result<Self, Error> {
        Ok(serde_json::from_str(text)?)
    }
}

/// The call that makes a service read or write with the caller's rights: that of `transcribe:StartTranscriptionJob.input`.
pub fn caused_by(call: &str) -> Option<&str> {
    let input = call.strip_suffix(".input");
    input.or_else(|| call.strip_suffix(".output"))
}
