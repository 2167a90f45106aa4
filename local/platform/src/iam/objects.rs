//! Objects for services that read and write with the rights of whoever called them, or of a role that they were given.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use serde_json::json;

use crate::service::{Call, ObjectHead, Objects, Principal, Purpose, ServiceError};
use crate::services::Services;

/// Objects whose every use is a call of a principal: checked and recorded.
pub struct RightfulObjects {
    objects: Arc<dyn Objects>,
    services: Arc<Services>,
    /// Nobody, before [`Objects::with_rights_of`] has said who.
    by: Option<(Principal, Purpose)>,
}

impl RightfulObjects {
    /// `objects` with the rights that `services` give.
    pub fn new(objects: Arc<dyn Objects>, services: Arc<Services>) -> Self {
        Self {
            objects,
            services,
            by: None,
        }
    }

    fn reads(&self, operation: &str, bucket: &str, key: &str) -> Result<(), ServiceError> {
        match &self.by {
            Some((principal, purpose)) => {
                self.uses(principal, purpose.read, operation, (bucket, key))
            }
            None => Ok(()),
        }
    }

    fn uses(
        &self,
        principal: &Principal,
        within: &str,
        operation: &str,
        (bucket, key): (&str, &str),
    ) -> Result<(), ServiceError> {
        let call = Call {
            principal: principal.clone(),
            operation: operation.to_owned(),
            parameters: json!({"Bucket": bucket, "Key": key}),
        };
        self.services.made_within(within, "s3", &call)
    }
}

#[async_trait]
impl Objects for RightfulObjects {
    fn with_rights_of(&self, principal: &Principal, purpose: Purpose) -> Arc<dyn Objects> {
        Arc::new(Self {
            objects: Arc::clone(&self.objects),
            services: Arc::clone(&self.services),
            by: Some((principal.clone(), purpose)),
        })
    }

    async fn file(&self, bucket: &str, key: &str) -> Result<PathBuf, ServiceError> {
        self.reads("GetObject", bucket, key)?;
        self.objects.file(bucket, key).await
    }

    async fn head(&self, bucket: &str, key: &str) -> Result<ObjectHead, ServiceError> {
        self.reads("HeadObject", bucket, key)?;
        self.objects.head(bucket, key).await
    }

    async fn put(
        &self,
        bucket: &str,
        key: &str,
        file: &Path,
        content_type: &str,
    ) -> Result<(), ServiceError> {
        if let Some((principal, purpose)) = &self.by {
            self.uses(principal, purpose.write, "PutObject", (bucket, key))?;
        }
        self.objects.put(bucket, key, file, content_type).await
    }
}
