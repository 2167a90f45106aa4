//! The project's own machines, as Terraform deploys them: a definition that differs from the newest version's becomes a
//! new version, children before those that name them.
//!
//! The alias of a machine moves to its new version if it sent everything to the newest one until then. An alias that a
//! user has split, or sent back to an older version, stays as it is.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::Arc;

use uuid::Uuid;
use videoflow_asl::StateMachine;
use videoflow_asl::effect::Timestamp;

use super::{Alias, Configuration, Machine, Machines, Revision, Route, Status, WHOLE};
use crate::names;
use crate::step_functions::definitions::{Error, Template, render};
use crate::step_functions::driver::now;

/// Machines whose callers use an alias.
const ALIASED: [&str; 2] = [names::PROCESS_VIDEO, "reconcile-library"];

impl Machines {
    /// Publishes what `templates` say, given the values of all placeholders but those for machines. Gives the ARN that
    /// each machine's callers use, by its name without prefix.
    ///
    /// # Errors
    /// [`Error`] of the first definition that cannot be used.
    pub fn deploy(
        &self,
        templates: &[Template],
        values: &BTreeMap<String, String>,
    ) -> Result<BTreeMap<String, String>, Error> {
        let at = now();
        let mut values = values.clone();
        let mut callers = BTreeMap::new();
        for template in templates {
            let name = template.name.as_str();
            if ALIASED.contains(&name) {
                let arn = format!("{}:{}", names::state_machine_arn(name), names::ALIAS);
                values.insert(names::machine_placeholder(name), arn.clone());
                callers.insert(name.to_owned(), arn);
            }
        }
        let mut left: Vec<&Template> = templates.iter().collect();
        while let Some(template) = next(&mut left, &values)? {
            let name = template.name.as_str();
            let version_arn = self.publish(template, &render(template, &values)?, at)?;
            if !ALIASED.contains(&name) {
                values.insert(names::machine_placeholder(name), version_arn.clone());
                callers.insert(name.to_owned(), version_arn);
            }
        }
        Ok(callers)
    }

    /// The version with this definition, new or not.
    fn publish(
        &self,
        template: &Template,
        definition: &str,
        at: Timestamp,
    ) -> Result<String, Error> {
        let compiled = StateMachine::compile(definition).map_err(|findings| Error::Refused {
            file: template.file.clone(),
            finding: findings
                .first()
                .map(ToString::to_string)
                .unwrap_or_default(),
        })?;
        let revision = Revision {
            definition: self.library().keep(definition, Arc::new(compiled))?,
            configuration: Configuration::of(names::role_arn(&template.name), at),
        };
        let arn = names::state_machine_arn(&template.name);
        let version = self.change(&arn, |slot| {
            let machine = slot.get_or_insert_with(|| {
                Machine::new(&names::prefixed(&template.name), revision.clone())
            });
            machine.status = Status::Active;
            let newest = machine.versions.last_key_value();
            let newest = newest.map(|(number, version)| (*number, &version.revision.definition));
            let version = match newest {
                Some((number, definition)) if *definition == revision.definition => number,
                newest => {
                    let before = newest.map(|(number, _)| number);
                    machine.renew(revision, at);
                    let number = machine.publish(None, at);
                    machine.move_alias(before, number, at);
                    number
                }
            };
            if ALIASED.contains(&template.name.as_str()) {
                machine.ensure_alias(version, at);
            }
            Ok::<_, io::Error>(version)
        })?;
        Ok(format!("{arn}:{version}"))
    }
}

/// Takes a template whose placeholders all have values.
fn next<'a>(
    left: &mut Vec<&'a Template>,
    values: &BTreeMap<String, String>,
) -> Result<Option<&'a Template>, Error> {
    let machines = left
        .iter()
        .map(|left| names::machine_placeholder(&left.name));
    let waiting: BTreeSet<String> = machines
        .filter(|placeholder| !values.contains_key(placeholder))
        .collect();
    let is_ready = |template: &&Template| {
        let mut placeholders = template.placeholders();
        !placeholders.any(|placeholder| waiting.contains(placeholder))
    };
    match left.iter().position(is_ready) {
        Some(index) => Ok(Some(left.remove(index))),
        None => match left.first() {
            Some(template) => Err(Error::Cyclic {
                file: template.file.clone(),
            }),
            None => Ok(None),
        },
    }
}

impl Machine {
    /// An update; the machine keeps what its user has configured.
    fn renew(&mut self, revision: Revision, at: Timestamp) {
        let mut configuration = self.current.configuration.clone();
        configuration.role_arn = revision.configuration.role_arn;
        configuration.updated = at;
        configuration.revision_id = Some(Uuid::new_v4().to_string());
        self.update(Revision {
            definition: revision.definition,
            configuration,
        });
    }

    fn move_alias(&mut self, before: Option<u32>, version: u32, at: Timestamp) {
        let whole = |version: u32| {
            let weight = WHOLE;
            [Route { version, weight }]
        };
        if let (Some(alias), Some(before)) = (self.aliases.get_mut(names::ALIAS), before)
            && alias.routes == whole(before)
        {
            alias.routes = whole(version).to_vec();
            alias.updated = at;
        }
    }

    fn ensure_alias(&mut self, version: u32, at: Timestamp) {
        let alias = || Alias {
            description: None,
            routes: vec![Route {
                version,
                weight: WHOLE,
            }],
            created: at,
            updated: at,
        };
        self.aliases
            .entry(names::ALIAS.to_owned())
            .or_insert_with(alias);
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn template(name: &str, comment: &str) -> Template {
        Template {
            name: name.to_owned(),
            file: format!("{name}.asl.json"),
            source: format!(
                r#"{{"Comment": "{comment}", "StartAt": "A", "States": {{"A": {{"Type": "Succeed"}}}}}}"#
            ),
        }
    }

    /// The versions that callers of process-video's child and the child's own callers get, one deployment after the
    /// other, each given by the comment in the child's definition.
    fn deployed(folder: &Path, child: &str) -> Result<(String, Vec<Route>), Error> {
        let machines = Machines::open(folder)?;
        let templates = [
            template("process-video", "${child_state_machine_arn}"),
            template("child", child),
        ];
        let callers = machines.deploy(&templates, &BTreeMap::new())?;
        let main = machines.find(&names::state_machine_arn("process-video"));
        let alias = main.and_then(|main| main.aliases.get(names::ALIAS).cloned());
        Ok((
            callers.get("child").cloned().unwrap_or_default(),
            alias.map(|alias| alias.routes).unwrap_or_default(),
        ))
    }

    fn check(folder: &Path, child: &str, version: u32, live: &[(u32, u32)]) -> Result<(), Error> {
        let (arn, routes) = deployed(folder, child)?;
        let expected = format!("{}:{version}", names::state_machine_arn("child"));
        let routes: Vec<_> = routes
            .iter()
            .map(|route| (route.version, route.weight))
            .collect();
        assert_eq!((arn, routes), (expected, live.to_vec()), "{child}");
        Ok(())
    }

    #[test]
    fn a_new_version_of_a_child_is_a_new_version_of_its_parent() -> Result<(), Error> {
        let folder = tempfile::tempdir()?;
        check(folder.path(), "one", 1, &[(1, 100)])?;
        check(folder.path(), "one", 1, &[(1, 100)])?;
        check(folder.path(), "two", 2, &[(2, 100)])?;
        // Back to the first definition is a change, too.
        check(folder.path(), "one", 3, &[(3, 100)])
    }

    #[test]
    fn an_alias_that_a_user_has_moved_stays() -> Result<(), Error> {
        let set = |folder: &Path, routes: &[(u32, u32)]| {
            let arn = names::state_machine_arn("process-video");
            Machines::open(folder)?.change(&arn, |slot| {
                let machine = slot.as_mut();
                if let Some(alias) = machine.and_then(|machine| machine.aliases.get_mut("live")) {
                    let routes = routes.iter();
                    alias.routes = routes
                        .map(|&(version, weight)| Route { version, weight })
                        .collect();
                }
                Ok::<_, io::Error>(())
            })
        };
        let folder = tempfile::tempdir()?;
        check(folder.path(), "one", 1, &[(1, 100)])?;
        check(folder.path(), "two", 2, &[(2, 100)])?;
        set(folder.path(), &[(1, 90), (2, 10)])?;
        check(folder.path(), "three", 3, &[(1, 90), (2, 10)])?;
        set(folder.path(), &[(1, 100)])?;
        check(folder.path(), "four", 4, &[(1, 100)])?;
        set(folder.path(), &[(4, 100)])?;
        check(folder.path(), "five", 5, &[(5, 100)])
    }

    #[test]
    fn machines_that_name_each_other_are_refused() -> Result<(), Error> {
        let folder = tempfile::tempdir()?;
        let templates = [
            template("a", "${b_state_machine_arn}"),
            template("b", "${a_state_machine_arn}"),
        ];
        let deployed = Machines::open(folder.path())?.deploy(&templates, &BTreeMap::new());
        let error = deployed.map(drop).map_err(|error| error.to_string());
        assert_eq!(
            error,
            Err("a.asl.json: definitions name each other".to_owned())
        );
        Ok(())
    }
}
