//! One state machine: what it runs, its versions, its aliases. Values only.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use videoflow_asl::effect::Timestamp;

use crate::names;

/// What an alias's weights add up to.
pub(in crate::step_functions) const WHOLE: u32 = 100;

/// What a machine has besides its definition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::step_functions) struct Configuration {
    /// A machine that was never updated has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::step_functions) revision_id: Option<String>,
    pub(in crate::step_functions) role_arn: String,
    /// `loggingConfiguration`, members capitalised.
    pub(in crate::step_functions) logging: Value,
    pub(in crate::step_functions) is_traced: bool,
    /// `encryptionConfiguration`, members capitalised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::step_functions) encryption: Option<Value>,
    pub(in crate::step_functions) updated: Timestamp,
}

impl Configuration {
    /// That of a new machine of which only the role is said.
    pub(in crate::step_functions) fn of(role_arn: String, created: Timestamp) -> Self {
        Self {
            revision_id: None,
            role_arn,
            logging: json!({"Level": "OFF", "IncludeExecutionData": false}),
            is_traced: false,
            encryption: None,
            updated: created,
        }
    }
}

/// What a machine runs from one update to the next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::step_functions) struct Revision {
    /// Digest of the definition in the library.
    pub(in crate::step_functions) definition: String,
    pub(in crate::step_functions) configuration: Configuration,
}

/// A revision that stays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::step_functions) struct Version {
    pub(in crate::step_functions) revision: Revision,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::step_functions) description: Option<String>,
    pub(in crate::step_functions) created: Timestamp,
}

/// How much of an alias's starts a version gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::step_functions) struct Route {
    pub(in crate::step_functions) version: u32,
    /// Percent.
    pub(in crate::step_functions) weight: u32,
}

/// A name for one version or two.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::step_functions) struct Alias {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::step_functions) description: Option<String>,
    pub(in crate::step_functions) routes: Vec<Route>,
    pub(in crate::step_functions) created: Timestamp,
    pub(in crate::step_functions) updated: Timestamp,
}

/// `status` of a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(in crate::step_functions) enum Status {
    Active,
    /// Its executions are being stopped; then it is gone.
    Deleting,
}

/// The version that `CreateStateMachine` published with the machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::step_functions) struct FirstVersion {
    pub(in crate::step_functions) description: Option<String>,
}

/// What a start by some ARN runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::step_functions) struct Chosen {
    pub(in crate::step_functions) revision: Revision,
    pub(in crate::step_functions) version_arn: Option<String>,
    pub(in crate::step_functions) alias_arn: Option<String>,
}

/// A state machine that executions can be started of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Machine {
    /// Full name: `videoflow-local-sanitize-file`.
    pub name: String,
    pub(in crate::step_functions) status: Status,
    pub(in crate::step_functions) created: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::step_functions) first_version: Option<FirstVersion>,
    pub(in crate::step_functions) current: Revision,
    pub(in crate::step_functions) versions: BTreeMap<u32, Version>,
    /// Numbers are never used again.
    pub(in crate::step_functions) last_version: u32,
    pub(in crate::step_functions) aliases: BTreeMap<String, Alias>,
}

impl Machine {
    pub(in crate::step_functions) fn new(name: &str, revision: Revision) -> Self {
        Self {
            name: name.to_owned(),
            status: Status::Active,
            created: revision.configuration.updated,
            first_version: None,
            current: revision,
            versions: BTreeMap::new(),
            last_version: 0,
            aliases: BTreeMap::new(),
        }
    }

    /// Unqualified ARN.
    pub fn arn(&self) -> String {
        names::machine_arn(&self.name)
    }

    /// ARN of a version or an alias.
    pub(in crate::step_functions) fn qualified(&self, qualifier: impl std::fmt::Display) -> String {
        format!("{}:{qualifier}", self.arn())
    }

    /// Makes `revision` the current one, if it differs in more than its id and its time.
    pub(in crate::step_functions) fn update(&mut self, mut revision: Revision) {
        let current = &self.current.configuration;
        let new = revision.configuration.clone();
        revision
            .configuration
            .revision_id
            .clone_from(&current.revision_id);
        revision.configuration.updated = current.updated;
        if revision != self.current {
            revision.configuration = new;
            self.current = revision;
        }
    }

    /// The number of the version that the current revision has; a new one unless there is one.
    pub(in crate::step_functions) fn publish(
        &mut self,
        description: Option<String>,
        at: Timestamp,
    ) -> u32 {
        if let Some(number) = self.version_of_current() {
            return number;
        }
        self.last_version += 1;
        let version = Version {
            revision: self.current.clone(),
            description,
            created: at,
        };
        self.versions.insert(self.last_version, version);
        self.last_version
    }

    /// The version of the current revision.
    pub(in crate::step_functions) fn version_of_current(&self) -> Option<u32> {
        let mut versions = self.versions.iter();
        versions
            .find(|(_, version)| version.revision == self.current)
            .map(|(number, _)| *number)
    }

    /// What an ARN with this qualifier runs. `roll`, from 0 below [`WHOLE`], decides between the versions of an alias.
    pub(in crate::step_functions) fn choose(
        &self,
        qualifier: Option<&str>,
        roll: u32,
    ) -> Option<Chosen> {
        let Some(qualifier) = qualifier else {
            return Some(Chosen {
                revision: self.current.clone(),
                version_arn: None,
                alias_arn: None,
            });
        };
        let (number, alias_arn) = match self.aliases.get(qualifier) {
            Some(alias) => (route(&alias.routes, roll)?, Some(self.qualified(qualifier))),
            None => (number(qualifier)?, None),
        };
        Some(Chosen {
            revision: self.versions.get(&number)?.revision.clone(),
            version_arn: Some(self.qualified(number)),
            alias_arn,
        })
    }

    /// Names of the aliases that may choose a version.
    pub(in crate::step_functions) fn aliases_of(&self, version: u32) -> impl Iterator<Item = &str> {
        let routes_to = move |alias: &Alias| {
            let mut routes = alias.routes.iter();
            routes.any(|route| route.version == version)
        };
        let aliases = self.aliases.iter();
        aliases
            .filter(move |(_, alias)| routes_to(alias))
            .map(|(name, _)| name.as_str())
    }

    /// Begins the machine's end, which its versions and aliases do not wait for.
    pub(in crate::step_functions) fn delete(&mut self) {
        self.status = Status::Deleting;
        self.versions.clear();
        self.aliases.clear();
    }
}

/// A version's number as its ARN has it.
pub(in crate::step_functions) fn number(qualifier: &str) -> Option<u32> {
    let number: u32 = qualifier.parse().ok()?;
    (number > 0 && number.to_string() == qualifier).then_some(number)
}

/// The version that a roll from 0 below [`WHOLE`] falls to.
fn route(routes: &[Route], roll: u32) -> Option<u32> {
    let mut end = 0;
    let hit = routes.iter().find(|route| {
        end += route.weight;
        roll < end
    });
    hit.map(|route| route.version)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn revision(definition: &str, id: Option<&str>, at: i64) -> Revision {
        let mut configuration = Configuration::of("role".to_owned(), Timestamp(at));
        configuration.revision_id = id.map(str::to_owned);
        Revision {
            definition: definition.to_owned(),
            configuration,
        }
    }

    /// A machine with versions 1 and 2, of which `live` sends a tenth to the second.
    fn machine() -> Machine {
        let mut machine = Machine::new("m", revision("a", None, 1));
        machine.publish(None, Timestamp(1));
        machine.update(revision("b", Some("r"), 2));
        machine.publish(Some("second".to_owned()), Timestamp(2));
        let routes = [(1, 90), (2, 10)].map(|(version, weight)| Route { version, weight });
        let alias = Alias {
            description: None,
            routes: routes.to_vec(),
            created: Timestamp(3),
            updated: Timestamp(3),
        };
        machine.aliases.insert("live".to_owned(), alias);
        machine
    }

    #[test]
    fn a_roll_falls_to_versions_by_their_weights() {
        let check = |weights: &[(u32, u32)], roll: u32, expected: Option<u32>| {
            let routes = weights
                .iter()
                .map(|&(version, weight)| Route { version, weight });
            let routes: Vec<Route> = routes.collect();
            assert_eq!(route(&routes, roll), expected, "{weights:?} {roll}");
        };
        check(&[(3, 100)], 0, Some(3));
        check(&[(3, 100)], 99, Some(3));
        check(&[(1, 90), (2, 10)], 89, Some(1));
        check(&[(1, 90), (2, 10)], 90, Some(2));
        check(&[(1, 0), (2, 100)], 0, Some(2));
        check(&[], 0, None);
    }

    #[test]
    fn every_hundred_rolls_hit_as_often_as_the_weights_say() {
        let machine = machine();
        let hits = (0..WHOLE).filter_map(|roll| machine.choose(Some("live"), roll));
        let second = hits.filter(|chosen| chosen.revision.definition == "b");
        assert_eq!(second.count(), 10);
    }

    #[test]
    fn qualifiers_choose_revisions() {
        let machine = machine();
        let check = |qualifier: Option<&str>, expected: Option<(&str, Option<&str>)>| {
            let chosen = machine.choose(qualifier, 0);
            let chosen = chosen.map(|chosen| (chosen.revision.definition, chosen.version_arn));
            let expected = expected.map(|(definition, version)| {
                let version = version.map(|version| format!("{}:{version}", machine.arn()));
                (definition.to_owned(), version)
            });
            assert_eq!(chosen, expected, "{qualifier:?}");
        };
        check(None, Some(("b", None)));
        check(Some("1"), Some(("a", Some("1"))));
        check(Some("2"), Some(("b", Some("2"))));
        check(Some("live"), Some(("a", Some("1"))));
        check(Some("3"), None);
        check(Some("01"), None);
        check(Some("none"), None);
    }

    #[test]
    fn an_update_that_changes_nothing_is_no_revision() {
        let mut machine = machine();
        machine.update(revision("b", Some("other"), 9));
        let id = machine.current.configuration.revision_id.as_deref();
        assert_eq!(
            (id, machine.current.configuration.updated.0),
            (Some("r"), 2)
        );
        assert_eq!(machine.publish(None, Timestamp(9)), 2);
    }

    #[test]
    fn numbers_of_versions_are_not_used_again() {
        let mut machine = machine();
        machine.versions.remove(&2);
        assert_eq!(machine.publish(None, Timestamp(9)), 3);
    }

    #[test]
    fn aliases_of_a_version_are_those_that_may_choose_it() {
        let machine = machine();
        let check = |version: u32, expected: &[&str]| {
            assert_eq!(machine.aliases_of(version).collect::<Vec<_>>(), expected);
        };
        check(1, &["live"]);
        check(2, &["live"]);
        check(3, &[]);
    }
}
