//! IAM: whether a call is within the policy of the role that makes it, and what a run has shown of the policies.
//!
//! The roles are those of functions, machines and services in `terraform/permissions.json`. [`policies`] renders their
//! policies as Terraform does, with the local names ([`targets`]); [`policy`] evaluates them; [`needs`] says which rights
//! a call takes, by AWS's rules and not by the table; [`Guard`] refuses what is not allowed, in each service's words
//! ([`refusal`]); [`report`] compares the record of calls with the table.
//!
//! Every other principal is an administrator, as whoever owns an account is: a user's access key, `videoflow-run`. An
//! access key that is the name of a role has that role's rights.
//!
//! Simpler than AWS: there are identity policies only. No policies of resources (buckets, keys, queues) or of
//! organisations are evaluated, and nobody assumes a role. `CopyObject` needs no rights on tags.

mod guard;
mod needs;
mod objects;
mod policies;
mod policy;
mod refusal;
pub mod report;
mod table;
mod targets;

pub use guard::Guard;
pub use needs::{Need, needs};
pub use objects::RightfulObjects;
pub use policies::{Kind, Principal, document, policies};
pub use policy::{Decision, Policy};
pub use table::{Role, Roles, Statement, Table, caused_by};
pub(crate) use targets::NESTED_RULE;
pub use targets::facets;

/// Why the rights are not known.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The table has another shape.
    #[error("permissions.json: {0}")]
    Malformed(#[from] serde_json::Error),
    /// A call of a role is not explained.
    #[error("permissions.json: {role} makes {call}, which is not among the calls")]
    UnknownCall {
        /// The role.
        role: String,
        /// Its call.
        call: String,
    },
    /// A call of a role has a target that is none.
    #[error("permissions.json: {role} makes {call} on {target}, which is no target")]
    UnknownTarget {
        /// The role.
        role: String,
        /// Its call.
        call: String,
        /// The name.
        target: String,
    },
    /// A policy says more than is evaluated here.
    #[error("a policy has {0}, which the local platform does not evaluate")]
    Unsupported(String),
}
