//! Entry point of the function.

use delete_video::Function;
use videoflow_shared::lambda::{self, StartError};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), StartError> {
    let function = Function::from_settings(&lambda::start())?;
    lambda::run(|input| function.handle(input)).await
}
