//! State machines: made, changed, taken away, told of.
//!
//! Of type STANDARD only: an EXPRESS one is refused, because its executions are not what would run here.

use std::sync::Arc;

use serde_json::{Value, json};
use uuid::Uuid;

use super::arns::{self, MachineArn};
use super::configuration::{compiled, encryption, logging, tracing};
use super::error::{deleting, invalid, is_set, no_machine, refusal, required, text};
use super::shapes::{Pages, is_name, present};
use super::{StatesService, tags};
use crate::pages::with_token;
use crate::service::ServiceError;
use crate::step_functions::deletion;
use crate::step_functions::driver::now;
use crate::step_functions::machines::{Configuration, FirstVersion, Machine, Revision, Status};

/// Most state machines (AWS's limit in a region).
const MAX_MACHINES: usize = 10_000;

impl StatesService {
    pub(super) fn create_machine(&self, parameters: &Value) -> Result<Value, ServiceError> {
        let name = required(parameters, "Name")?;
        if !is_name(name) {
            return Err(refusal("InvalidName", &format!("Invalid Name: '{name}'")));
        }
        if text(parameters, "Type") == Some("EXPRESS") {
            let message = "The local platform runs state machines of type STANDARD only";
            return Err(refusal("StateMachineTypeNotSupported", message));
        }
        let first_version = first_version(parameters)?;
        let at = now();
        let role = arns::role(required(parameters, "RoleArn")?)?;
        let configuration = configured(Configuration::of(role.to_owned(), at), parameters)?;
        let definition = self.kept(required(parameters, "Definition")?)?;
        let tags = tags::wanted(parameters)?;
        if self.shared.machines.all().len() >= MAX_MACHINES {
            let message = "The maximum number of state machines has been reached";
            return Err(refusal("StateMachineLimitExceeded", message));
        }
        let mut wanted = Machine::new(
            name,
            Revision {
                definition,
                configuration,
            },
        );
        if let Some(first) = &first_version {
            wanted.publish(first.description.clone(), at);
        }
        wanted.first_version = first_version;
        let (machine, is_new) = self.created(wanted)?;
        if is_new && !tags.is_empty() {
            let arn = machine.arn();
            self.shared
                .machines
                .tags()
                .change(&arn, |set| tags::add(set, tags))?;
        }
        let version = machine.version_of_current();
        let version = version.filter(|_| machine.first_version.is_some());
        Ok(present(json!({
            "StateMachineArn": machine.arn(),
            "CreationDate": machine.created.seconds(),
            "StateMachineVersionArn": version.map(|number| machine.qualified(number)),
        })))
    }

    /// The machine as it is now, and whether it is a new one. The same again is no other: AWS does not compare roles and
    /// tags.
    fn created(&self, wanted: Machine) -> Result<(Machine, bool), ServiceError> {
        let arn = wanted.arn();
        self.shared.machines.change(&arn, |slot| match slot {
            Some(machine) if machine.status == Status::Deleting => Err(deleting(&arn)),
            Some(machine) if is_same(machine, &wanted) => Ok((machine.clone(), false)),
            Some(_) => {
                let message = format!("State Machine Already Exists: '{arn}'");
                Err(refusal("StateMachineAlreadyExists", &message))
            }
            None => Ok((slot.insert(wanted).clone(), true)),
        })
    }

    pub(super) fn update_machine(&self, parameters: &Value) -> Result<Value, ServiceError> {
        let given = required(parameters, "StateMachineArn")?;
        let arn = unqualified_or_missing(given)?;
        let settings = [
            "Definition",
            "RoleArn",
            "LoggingConfiguration",
            "TracingConfiguration",
            "EncryptionConfiguration",
        ];
        let is_given = |name: &str| parameters.get(name).is_some_and(|value| !value.is_null());
        if !settings.into_iter().any(is_given) {
            let message = "Either the definition, the role ARN, the LoggingConfiguration, or the TracingConfiguration must be specified";
            return Err(refusal("MissingRequiredParameter", message));
        }
        let publication = first_version(parameters)?;
        let definition = text(parameters, "Definition");
        let definition = definition.map(|text| self.kept(text)).transpose()?;
        let at = now();
        let (revision_id, version) = self.alter(arn, |machine| {
            let mut revision = machine.current.clone();
            revision.configuration = configured(revision.configuration, parameters)?;
            revision.configuration.revision_id = Some(Uuid::new_v4().to_string());
            revision.configuration.updated = at;
            revision.definition = definition.unwrap_or(revision.definition);
            machine.update(revision);
            let version = publication.map(|version| machine.publish(version.description, at));
            Ok((machine.current.configuration.revision_id.clone(), version))
        })?;
        Ok(present(json!({
            "UpdateDate": at.seconds(),
            "RevisionId": revision_id,
            "StateMachineVersionArn": version.map(|number| format!("{arn}:{number}")),
        })))
    }

    pub(super) fn delete_machine(&self, parameters: &Value) -> Result<Value, ServiceError> {
        let arn = arns::unqualified(required(parameters, "StateMachineArn")?)?;
        self.shared.machines.change(arn, |slot| {
            slot.iter_mut().for_each(Machine::delete);
            Ok::<_, ServiceError>(())
        })?;
        deletion::finish(&self.shared, arn)?;
        Ok(json!({}))
    }

    pub(super) fn list_machines(&self, parameters: &Value) -> Result<Value, ServiceError> {
        let machines = self.shared.machines.all().into_iter().map(|machine| {
            let item = json!({
                "Name": machine.name,
                "StateMachineArn": machine.arn(),
                "Type": "STANDARD",
                "CreationDate": machine.created.seconds(),
            });
            ((0, machine.name.clone()), item)
        });
        let pages = Pages::of("ListStateMachines", parameters)?;
        let (page, next) = pages.take(machines.collect());
        Ok(with_token(json!({ "StateMachines": page }), next))
    }

    /// The digest of a definition that is kept from now on, if it is one.
    fn kept(&self, definition: &str) -> Result<String, ServiceError> {
        Ok(self
            .shared
            .library
            .keep(definition, compiled(definition)?)?)
    }

    /// The machine of an ARN and the parts of that. It may not have the version or alias.
    pub(super) fn machine<'a>(
        &self,
        arn: &'a str,
    ) -> Result<(Arc<Machine>, MachineArn<'a>), ServiceError> {
        let wanted = arns::machine(arn)?;
        let machine = self.shared.machines.find(wanted.unqualified);
        Ok((machine.ok_or_else(|| no_machine(arn))?, wanted))
    }

    /// Changes the machine of an unqualified ARN.
    pub(super) fn alter<T>(
        &self,
        arn: &str,
        change: impl FnOnce(&mut Machine) -> Result<T, ServiceError>,
    ) -> Result<T, ServiceError> {
        self.shared.machines.change(arn, |slot| match slot {
            Some(machine) if machine.status == Status::Deleting => Err(deleting(arn)),
            Some(machine) => change(machine),
            None => Err(no_machine(arn)),
        })
    }
}

/// An ARN without a qualifier; to change a version or an alias is to change what does not exist (recorded on AWS).
pub(super) fn unqualified_or_missing(arn: &str) -> Result<&str, ServiceError> {
    match arns::machine(arn)?.qualifier {
        None => Ok(arn),
        Some(_) => Err(no_machine(arn)),
    }
}

/// The version that a request publishes with its change.
fn first_version(parameters: &Value) -> Result<Option<FirstVersion>, ServiceError> {
    let description = text(parameters, "VersionDescription").map(str::to_owned);
    match (is_set(parameters, "Publish"), description) {
        (true, description) => Ok(Some(FirstVersion { description })),
        (false, None) => Ok(None),
        (false, Some(_)) => Err(invalid(
            "Version description can only be set when publish is true",
        )),
    }
}

/// A configuration with what a request says of it.
fn configured(
    mut configuration: Configuration,
    parameters: &Value,
) -> Result<Configuration, ServiceError> {
    if let Some(role) = text(parameters, "RoleArn") {
        arns::role(role)?.clone_into(&mut configuration.role_arn);
    }
    if let Some(logging) = logging(parameters)? {
        configuration.logging = logging;
    }
    if let Some(is_traced) = tracing(parameters) {
        configuration.is_traced = is_traced;
    }
    if let Some(encryption) = encryption(parameters)? {
        configuration.encryption = Some(encryption);
    }
    Ok(configuration)
}

/// Whether `CreateStateMachine` has made this machine before.
fn is_same(machine: &Machine, wanted: &Machine) -> bool {
    let compared = |machine: &Machine| {
        let Revision {
            definition,
            configuration,
        } = machine.current.clone();
        let Configuration {
            logging,
            is_traced,
            encryption,
            ..
        } = configuration;
        (definition, logging, is_traced, encryption)
    };
    compared(machine) == compared(wanted) && machine.first_version == wanted.first_version
}
