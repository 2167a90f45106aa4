//! Step Functions: the definitions, a driver that carries out the engine's effects, and the API.
//!
//! The engine decides, this module acts: one actor per execution ([`driver`]) owns the engine's
//! `Execution`, calls services ([`integration`]), starts children ([`nested`], [`map_run`]) and keeps the record on disk
//! ([`record`], [`store`]) so that a history can be read when nothing runs.

mod actor;
mod api;
mod driver;
mod integration;
mod machines;
mod map_run;
mod nested;
mod record;
mod status_event;
mod store;
#[cfg(test)]
mod tests;
mod tokens;

pub use api::StatesService;
pub use driver::{Config, StepFunctions};
pub use machines::{Definitions, Error as DefinitionError, Machine, Machines, Template, render};
pub use record::{Description, Record};
pub use store::Station;
