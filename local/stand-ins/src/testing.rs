//! What the tests of several stand-ins share: objects in a folder, and calls.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use serde_json::Value;
use time::OffsetDateTime;
use videoflow_platform::service::{
    Call, ObjectHead, Objects, Principal, Purpose, Service, ServiceError,
};

use crate::Config;

/// Error of a test.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Who may neither read nor write.
pub const NOBODY: &str = "nobody";
/// Who may read, but not write.
pub const READER: &str = "reader";

/// Objects as files: `<root>/<bucket>/<key>`.
#[derive(Clone)]
pub struct FolderObjects {
    root: PathBuf,
    user: Principal,
    content_types: Arc<Mutex<BTreeMap<String, String>>>,
}

/// A folder with objects and scratch space, removed at the end of the test.
pub struct Bench {
    folder: tempfile::TempDir,
    /// The objects.
    pub objects: Arc<FolderObjects>,
}

impl Bench {
    /// An empty one.
    pub fn new() -> Result<Self, Failure> {
        let folder = tempfile::tempdir()?;
        let objects = FolderObjects {
            root: folder.path().join("objects"),
            user: Principal("test".to_owned()),
            content_types: Arc::default(),
        };
        Ok(Self {
            folder,
            objects: Arc::new(objects),
        })
    }

    /// Configuration of the services under test.
    pub fn config(&self) -> Config {
        let objects: Arc<dyn Objects> = Arc::<FolderObjects>::clone(&self.objects);
        Config {
            objects,
            scratch: self.folder.path().join("scratch"),
            models: self.folder.path().join("models"),
        }
    }

    /// Where an object lies, with its folder.
    pub fn path(&self, bucket: &str, key: &str) -> Result<PathBuf, Failure> {
        let path = self.objects.root.join(bucket).join(key);
        std::fs::create_dir_all(path.parent().ok_or("no folder")?)?;
        Ok(path)
    }

    /// Makes an object by ffmpeg from arguments that lack the output.
    pub async fn make(
        &self,
        bucket: &str,
        key: &str,
        arguments: &[&str],
    ) -> Result<PathBuf, Failure> {
        let path = self.path(bucket, key)?;
        let name = path.to_str().ok_or("no text")?;
        let arguments = ["-v", "error"].iter().chain(arguments).chain([&name]);
        crate::ffmpeg::convert(arguments, std::time::Duration::from_secs(30), |_| ()).await?;
        Ok(path)
    }

    /// Keys below a prefix with their content types, sorted.
    pub fn written(&self) -> Vec<(String, String)> {
        let types = self
            .objects
            .content_types
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        types
            .iter()
            .map(|(key, kind)| (key.clone(), kind.clone()))
            .collect()
    }
}

impl FolderObjects {
    fn refuse(&self, users: &[&str]) -> Result<(), ServiceError> {
        if users.contains(&self.user.0.as_str()) {
            return Err(ServiceError::new("AccessDenied", 403, "not authorized"));
        }
        Ok(())
    }
}

#[async_trait]
impl Objects for FolderObjects {
    fn with_rights_of(&self, principal: &Principal, _: Purpose) -> Arc<dyn Objects> {
        let user = principal.clone();
        Arc::new(Self {
            user,
            ..self.clone()
        })
    }

    async fn file(&self, bucket: &str, key: &str) -> Result<PathBuf, ServiceError> {
        self.refuse(&[NOBODY])?;
        let path = self.root.join(bucket).join(key);
        if path.is_file() {
            Ok(path)
        } else {
            Err(no_such_key())
        }
    }

    async fn head(&self, bucket: &str, key: &str) -> Result<ObjectHead, ServiceError> {
        let metadata =
            std::fs::metadata(self.file(bucket, key).await?).map_err(|_| no_such_key())?;
        let last_modified = OffsetDateTime::UNIX_EPOCH;
        Ok(ObjectHead {
            etag: "0123abcd".to_owned(),
            size_bytes: metadata.len(),
            last_modified,
            content_type: None,
        })
    }

    async fn put(
        &self,
        bucket: &str,
        key: &str,
        file: &Path,
        content_type: &str,
    ) -> Result<(), ServiceError> {
        self.refuse(&[NOBODY, READER])?;
        let path = self.root.join(bucket).join(key);
        let folder = path.parent().map_or(Ok(()), std::fs::create_dir_all);
        folder
            .and_then(|()| std::fs::copy(file, &path))
            .map_err(|cause| ServiceError {
                code: "InternalError".to_owned(),
                message: cause.to_string(),
                status: 500,
            })?;
        let mut types = self
            .content_types
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        types.insert(key.to_owned(), content_type.to_owned());
        Ok(())
    }
}

fn no_such_key() -> ServiceError {
    ServiceError {
        code: "NoSuchKey".to_owned(),
        message: "The specified key does not exist.".to_owned(),
        status: 404,
    }
}

/// Calls an operation.
pub async fn call(
    service: &dyn Service,
    operation: &str,
    parameters: Value,
) -> Result<Value, ServiceError> {
    call_as("test", service, operation, parameters).await
}

/// Calls an operation as somebody else.
pub async fn call_as(
    principal: &str,
    service: &dyn Service,
    operation: &str,
    parameters: Value,
) -> Result<Value, ServiceError> {
    let principal = Principal(principal.to_owned());
    service
        .call(Call {
            principal,
            operation: operation.to_owned(),
            parameters,
        })
        .await
}

/// The models of this repository; `None`, said aloud, before `make setup` has fetched them.
pub fn models() -> Option<PathBuf> {
    let own = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.cache/models");
    let models = std::env::var_os("VIDEOFLOW_MODELS").map_or_else(own, PathBuf::from);
    let are_there = crate::speech::is_available(&models) && crate::labels::is_available(&models);
    if !are_there {
        eprintln!("skipped: models not fetched (make setup)");
    }
    are_there.then_some(models)
}

/// The project's sample video.
pub fn sample() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/media/sample.mp4")
}
