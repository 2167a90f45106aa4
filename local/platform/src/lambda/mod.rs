//! The Lambda host: serves the Runtime API to the functions' own binaries and answers `Invoke`.
//!
//! Every process gets a Runtime API endpoint of its own on the loopback interface, so the endpoint knows which
//! function asks. A process works on one invocation at a time and is kept warm for the next one. Processes end
//! with the platform even when it is killed: the Lambda runtime leaves its loop when `…/invocation/next` breaks.

mod function;
mod host;
mod log;
mod process;
mod program;
mod runtime_api;
mod service;

pub use function::{Deployment, Function, deployments};
pub use host::{Answer, Error, Host};
pub use program::binary;
pub use service::LambdaService;
