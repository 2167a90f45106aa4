//! Manifests of the adaptive stream: which files they need, and for how long.

pub mod dash;
pub mod hls;

/// A file that a manifest needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Needed {
    /// Its name, beside the manifest.
    pub name: String,
    /// Bytes that it has to have at least.
    pub bytes: u64,
}
