//! A Lambda function that always fails: tests put it in the place of a real one to see what a user is shown.

use lambda_runtime::{Diagnostic, Error, LambdaEvent, run, service_fn};
use serde_json::Value;

#[tokio::main]
async fn main() -> Result<(), Error> {
    run(service_fn(throw)).await
}

async fn throw(_: LambdaEvent<Value>) -> Result<Value, Diagnostic> {
    Err(Diagnostic {
        error_type: "Thrown".into(),
        error_message: "this function was made to throw".into(),
    })
}
