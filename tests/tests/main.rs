//! Tests across crates: the definitions, the services with the AWS SDK as their client, and the whole pipeline.

mod definitions;
mod failures;
mod machines;
mod pipeline;
mod services;
mod support;
