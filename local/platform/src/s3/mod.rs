//! S3: buckets kept in a folder. The protocol is `s3s`'s; versions, tags, checksums and events are our own, because
//! no file-system backend has them and keys such as `a` beside `a/b` are no paths.

mod api;
mod blobs;
mod checksum;
mod error;
mod http;
mod index;
mod listing;
mod multipart;
mod native;
mod objects;
mod signature;
mod tagging;
mod version;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use crate::events::Events;
use crate::service::{ObjectHead, Objects, Principal, Purpose, ServiceError};
use blobs::Blobs;
pub use checksum::{Algorithm, Coverage, ObjectChecksum};
pub use error::Error;
pub use http::{HttpService, SECRET};
use index::Index;
use objects::Reason;
pub use tagging::Tags;
pub use version::{Attributes, Notifications, Settings, Versioning};

/// The local S3. A clone is the same S3.
#[derive(Clone)]
pub struct Buckets {
    inner: Arc<Inner>,
}

struct Inner {
    index: Mutex<Index>,
    blobs: Blobs,
    events: Arc<Events>,
}

impl Buckets {
    /// Opens the buckets kept in `folder`; events about their objects go to `events`.
    ///
    /// # Errors
    /// `Unusable`, `IndexUnusable`.
    pub fn open(folder: &Path, events: Arc<Events>) -> Result<Self, Error> {
        std::fs::create_dir_all(folder)?;
        let index = Index::open(Some(&folder.join("index.sqlite")))?;
        let blobs = Blobs::open(&folder.join("blobs"), &index.blobs()?)?;
        let inner = Inner {
            index: Mutex::new(index),
            blobs,
            events,
        };
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// Makes a bucket, or gives one that exists these settings.
    ///
    /// # Errors
    /// `IndexUnusable`.
    pub fn create_bucket(&self, name: &str, settings: Settings) -> Result<(), Error> {
        self.index().put_bucket(name, settings)
    }

    /// Whether there is such an object, or such a version of it.
    pub fn has_object(&self, bucket: &str, key: &str, version: Option<&str>) -> bool {
        self.index().object(bucket, key, version).is_ok()
    }

    fn index(&self) -> MutexGuard<'_, Index> {
        self.inner
            .index
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn blobs(&self) -> &Blobs {
        &self.inner.blobs
    }
}

#[async_trait]
impl Objects for Buckets {
    /// Who has the buckets themselves has all rights; `RightfulObjects` has not.
    fn with_rights_of(&self, _: &Principal, _: Purpose) -> Arc<dyn Objects> {
        Arc::new(self.clone())
    }

    async fn file(&self, bucket: &str, key: &str) -> Result<PathBuf, ServiceError> {
        let (_, content) = self.index().object(bucket, key, None)?;
        Ok(self.blobs().path(&content.blob))
    }

    async fn head(&self, bucket: &str, key: &str) -> Result<ObjectHead, ServiceError> {
        let (version, content) = self.index().object(bucket, key, None)?;
        Ok(ObjectHead {
            etag: content.etag,
            size_bytes: content.size_bytes,
            last_modified: version.modified,
            content_type: version.attributes.content_type,
        })
    }

    async fn put(
        &self,
        bucket: &str,
        key: &str,
        file: &Path,
        content_type: &str,
    ) -> Result<(), ServiceError> {
        self.check_target(bucket, key)?;
        let blob = self.blobs().copy(file, Algorithm::Crc64Nvme).await?;
        let attributes = Attributes {
            content_type: Some(content_type.to_owned()),
            ..Attributes::default()
        };
        self.commit(
            bucket,
            key,
            &blob.into(),
            &attributes,
            &Tags::new(),
            Reason::PutObject,
        )?;
        Ok(())
    }
}
