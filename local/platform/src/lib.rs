//! The local platform: AWS's services as far as VideoFlow needs them, in one process.

pub mod api_model;
pub mod arn;
pub mod cloudwatch;
mod database;
pub mod dynamodb;
pub mod events;
pub mod iam;
pub mod lambda;
mod lines;
mod listen;
pub mod logs;
pub mod mortal;
pub mod names;
mod pages;
pub mod platform;
pub mod record;
pub mod s3;
pub mod service;
pub mod services;
pub mod sns;
pub mod sqs;
pub mod step_functions;
pub mod sts;
pub mod token;
pub mod wire;

/// Bytes in lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;

    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            // Writing into a String cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
}
