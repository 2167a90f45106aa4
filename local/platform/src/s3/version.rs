//! What is kept of buckets and of the versions of their objects.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::checksum::ObjectChecksum;
use super::tagging::Tags;

/// Version id of objects in buckets without versioning.
pub(super) const UNVERSIONED: &str = "null";

/// Whether a bucket keeps the versions of its objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Versioning {
    /// Every put makes a version.
    Enabled,
    /// A put replaces the object.
    Off,
}

/// Whether a bucket tells EventBridge about its objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Notifications {
    /// Object Created events go to the default bus.
    EventBridge,
    /// Nobody is told.
    Off,
}

/// Settings of a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// Whether versions are kept.
    pub versioning: Versioning,
    /// Who is told.
    pub notifications: Notifications,
}

/// What a client says about an object and gets back with it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attributes {
    /// Media type.
    pub content_type: Option<String>,
    /// How caches may keep it.
    pub cache_control: Option<String>,
    /// How a browser shows it.
    pub content_disposition: Option<String>,
    /// Its compression.
    pub content_encoding: Option<String>,
    /// Its language.
    pub content_language: Option<String>,
    /// User metadata.
    pub metadata: BTreeMap<String, String>,
}

/// The bytes of an object, seen from outside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Content {
    pub blob: String,
    pub size_bytes: u64,
    /// Without quotes.
    pub etag: String,
    pub checksum: ObjectChecksum,
}

/// A version of an object; a delete marker has no content.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_field_names, reason = "`VersionId` is S3's name")]
pub(super) struct Version {
    pub key: String,
    pub version_id: String,
    pub modified: OffsetDateTime,
    pub content: Option<Content>,
    pub attributes: Attributes,
    pub tags: Tags,
    /// Grows with every version of the bucket.
    pub sequence: i64,
}
