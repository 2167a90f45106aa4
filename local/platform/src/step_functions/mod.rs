//! Step Functions: the definitions, a driver that carries out the engine's effects, and the API.
//!
//! The engine decides, this module acts: one actor per execution ([`driver`]) owns the engine's
//! `Execution`, calls services ([`integration`]) and starts children ([`nested`], [`map_run`]).
//!
//! What an execution is told goes into its [`journal`] first. From there, and with the definition that it began with
//! ([`library`]), it is [`revive`]d: to go on after the platform was killed ([`opening`]), or when it is redriven
//! ([`redrive`]). An execution that has ended has a [`record`], so that its history can be read when nothing runs.

mod activities;
mod actor;
mod api;
mod definitions;
mod deletion;
mod description;
mod driver;
mod entry;
mod integration;
mod journal;
mod library;
mod log;
mod machines;
mod map_run;
mod nested;
mod opening;
mod record;
mod redrive;
mod revive;
mod status_event;
mod store;
mod tags;
#[cfg(test)]
mod tests;
mod tokens;

pub use api::StatesService;
pub use definitions::{Definitions, Error as DefinitionError, Template, render};
pub use description::Description;
pub use driver::{Config, StepFunctions, Unsettled};
pub use entry::Station;
pub use machines::{Machine, Machines};
pub use record::{Record, read_description};
