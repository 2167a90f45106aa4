//! Whose rights a job works with. It is kept with the job's request, because a job is done again after a restart.

use serde_json::Value;
use videoflow_platform::service::Principal;

/// No service has a parameter of this name.
const MEMBER: &str = "Caller";

/// A request with its caller.
pub fn with_caller(mut parameters: Value, caller: &Principal) -> Value {
    if let Some(members) = parameters.as_object_mut() {
        members.insert(MEMBER.to_owned(), Value::from(caller.0.as_str()));
    }
    parameters
}

/// The caller and the request as it came. A job of before callers were kept has nobody's rights: all of them.
pub fn without_caller(mut request: Value) -> (Principal, Value) {
    let members = request.as_object_mut();
    let caller = members.and_then(|members| members.remove(MEMBER));
    let caller = caller.as_ref().and_then(Value::as_str).unwrap_or_default();
    (Principal(caller.to_owned()), request)
}
