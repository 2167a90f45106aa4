//! Entry point of the function.

use jobs_api::Function;
use lambda_http::{Request, service_fn};
use videoflow_shared::lambda::{self, StartError};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    let function = &Function::from_settings(&lambda::start())?;
    lambda_http::run(service_fn(move |request: Request| {
        Box::pin(function.answer(request))
    }))
    .await
}
