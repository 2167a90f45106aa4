//! The engine as its users see it.

#![expect(
    clippy::needless_pass_by_value,
    clippy::panic,
    reason = "cases are handed over as they are written, and a case that cannot be run stops its test"
)]

mod diagnostics;
mod distributed;
mod effects;
mod errors;
mod exec;
mod histories;
mod json_path;
mod jsonata;
mod lint;
mod loads;
mod properties;
mod redrive;
mod refusals;
mod states;
mod support;
