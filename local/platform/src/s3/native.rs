//! S3's operations as Task states call them, with the parameters of the API model. Bodies are texts and small.

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use serde_json::{Map, Value, json};
use time::format_description::well_known::Rfc3339;

use super::Buckets;
use super::api::{key_of_token, token_of_key};
use super::checksum::Algorithm;
use super::error::Error;
use super::listing::{MAX_KEYS, Query};
use super::objects::Reason;
use super::tagging::{Tags, tags};
use super::version::{Attributes, Content, Version};
use crate::service::{Call, Service, ServiceError};

/// Longest object that is read whole: far above what a Task may return, which the engine sees to, and enough for the file
/// of an `ItemReader`. What is put comes from the engine, which has checked it, or from a `ResultWriter`.
const MAX_BODY_BYTES: usize = 16 * 1024 * 1024;

#[async_trait]
impl Service for Buckets {
    fn name(&self) -> &'static str {
        "s3"
    }

    async fn call(&self, call: Call) -> Result<Value, ServiceError> {
        let parameters = &call.parameters;
        let answer = match call.operation.as_str() {
            "HeadObject" => self.head_native(parameters),
            "GetObject" => self.get_native(parameters).await,
            "PutObject" => self.put_native(parameters).await,
            "ListObjectsV2" => self.list_native(parameters),
            "PutObjectTagging" => self.put_tagging_native(parameters),
            "GetObjectTagging" => self.get_tagging_native(parameters),
            operation => return Err(ServiceError::unknown_operation(operation)),
        };
        answer.map_err(ServiceError::from)
    }
}

impl Buckets {
    fn object_native(&self, parameters: &Value) -> Result<(Version, Content), Error> {
        let version_id = optional(parameters, "VersionId");
        self.index().object(
            text(parameters, "Bucket")?,
            text(parameters, "Key")?,
            version_id,
        )
    }

    fn head_native(&self, parameters: &Value) -> Result<Value, Error> {
        let (version, content) = self.object_native(parameters)?;
        let is_checksum_asked = optional(parameters, "ChecksumMode") == Some("ENABLED");
        Ok(Value::Object(description(
            &version,
            &content,
            is_checksum_asked,
        )))
    }

    async fn get_native(&self, parameters: &Value) -> Result<Value, Error> {
        let (version, content) = self.object_native(parameters)?;
        if content.size_bytes > MAX_BODY_BYTES as u64 {
            return Err(Error::InvalidRequest(
                "the object is too long to be read whole",
            ));
        }
        let chunks = self
            .blobs()
            .read(&content.blob, 0..content.size_bytes)
            .await?;
        let mut chunks = std::pin::pin!(chunks);
        let mut body = Vec::new();
        while let Some(chunk) = chunks.next().await {
            body.extend_from_slice(&chunk?);
        }
        let mut answer = description(&version, &content, false);
        answer.insert("Body".to_owned(), json!(String::from_utf8_lossy(&body)));
        Ok(Value::Object(answer))
    }

    /// A body that is no text is written as JSON, as Step Functions does.
    async fn put_native(&self, parameters: &Value) -> Result<Value, Error> {
        let (bucket, key) = (text(parameters, "Bucket")?, text(parameters, "Key")?);
        let body = match parameters.get("Body") {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => text.clone(),
            Some(value) => value.to_string(),
        };
        self.check_target(bucket, key)?;
        let bytes = stream::iter([Ok::<_, std::io::Error>(Bytes::from(body))]);
        let content = Content::from(self.blobs().write(bytes, Algorithm::Crc64Nvme).await?);
        let attributes = Attributes {
            content_type: optional(parameters, "ContentType").map(str::to_owned),
            cache_control: optional(parameters, "CacheControl").map(str::to_owned),
            ..Attributes::default()
        };
        let version = self.commit(
            bucket,
            key,
            &content,
            &attributes,
            &Tags::new(),
            Reason::PutObject,
        )?;
        let mut answer = json!({"ETag": quoted(&content.etag)});
        set_version(&mut answer, &version);
        Ok(answer)
    }

    fn list_native(&self, parameters: &Value) -> Result<Value, Error> {
        let continued = optional(parameters, "ContinuationToken")
            .map(key_of_token)
            .transpose()?;
        let max_keys = parameters.get("MaxKeys").and_then(Value::as_u64);
        let max_keys = max_keys
            .and_then(|max_keys| usize::try_from(max_keys).ok())
            .unwrap_or(MAX_KEYS);
        let query = Query {
            prefix: optional(parameters, "Prefix").unwrap_or_default(),
            delimiter: optional(parameters, "Delimiter").filter(|delimiter| !delimiter.is_empty()),
            after: continued
                .as_deref()
                .or(optional(parameters, "StartAfter"))
                .unwrap_or_default(),
            max_keys,
        };
        let bucket = text(parameters, "Bucket")?;
        let page = self.list(bucket, &query)?;
        let contents = page.objects.iter().map(|(version, content)| {
            json!({
                "Key": version.key,
                "ETag": quoted(&content.etag),
                "Size": content.size_bytes,
                "LastModified": version.modified.format(&Rfc3339).unwrap_or_default(),
                "StorageClass": "STANDARD",
            })
        });
        let mut answer = json!({
            "Name": bucket,
            "Prefix": query.prefix,
            "MaxKeys": query.max_keys.min(MAX_KEYS),
            "KeyCount": page.key_count(),
            "IsTruncated": page.next_after.is_some(),
            "Contents": contents.collect::<Vec<_>>(),
        });
        if let Some(members) = answer.as_object_mut() {
            if let Some(after) = &page.next_after {
                members.insert(
                    "NextContinuationToken".to_owned(),
                    json!(token_of_key(after)),
                );
            }
            if !page.common_prefixes.is_empty() {
                let prefixes = page
                    .common_prefixes
                    .iter()
                    .map(|prefix| json!({"Prefix": prefix}));
                members.insert("CommonPrefixes".to_owned(), prefixes.collect());
            }
        }
        Ok(answer)
    }

    fn put_tagging_native(&self, parameters: &Value) -> Result<Value, Error> {
        let pairs = parameters
            .pointer("/Tagging/TagSet")
            .and_then(Value::as_array);
        let pairs =
            pairs.ok_or_else(|| Error::InvalidArgument("Tagging.TagSet is missing".to_owned()))?;
        let pairs = pairs
            .iter()
            .map(|tag| Ok((text(tag, "Key")?.to_owned(), text(tag, "Value")?.to_owned())));
        let tags = tags(pairs.collect::<Result<_, Error>>()?)?;
        let version_id = optional(parameters, "VersionId");
        self.set_tags(
            text(parameters, "Bucket")?,
            text(parameters, "Key")?,
            version_id,
            &tags,
        )?;
        let mut answer = json!({});
        set_version(&mut answer, &self.object_native(parameters)?.0);
        Ok(answer)
    }

    fn get_tagging_native(&self, parameters: &Value) -> Result<Value, Error> {
        let (version, _) = self.object_native(parameters)?;
        let tags = version
            .tags
            .iter()
            .map(|(key, value)| json!({"Key": key, "Value": value}));
        let mut answer = json!({"TagSet": tags.collect::<Vec<_>>()});
        set_version(&mut answer, &version);
        Ok(answer)
    }
}

/// The members that `HeadObject` and `GetObject` share.
fn description(
    version: &Version,
    content: &Content,
    is_checksum_asked: bool,
) -> Map<String, Value> {
    let attributes = &version.attributes;
    let mut members = Map::new();
    let mut set = |name: &str, value: Value| members.insert(name.to_owned(), value);
    set("AcceptRanges", json!("bytes"));
    set("ContentLength", json!(content.size_bytes));
    set("ETag", json!(quoted(&content.etag)));
    set(
        "LastModified",
        json!(version.modified.format(&Rfc3339).unwrap_or_default()),
    );
    set("Metadata", json!(attributes.metadata));
    set(
        "ContentType",
        json!(
            attributes
                .content_type
                .as_deref()
                .unwrap_or("binary/octet-stream")
        ),
    );
    if let Some(cache_control) = &attributes.cache_control {
        set("CacheControl", json!(cache_control));
    }
    if let Some(id) = version.shown_id() {
        set("VersionId", json!(id));
    }
    if is_checksum_asked {
        set(
            &format!("Checksum{}", content.checksum.algorithm.name()),
            json!(content.checksum.value),
        );
        set("ChecksumType", json!(content.checksum.coverage));
    }
    members
}

fn set_version(answer: &mut Value, version: &Version) {
    if let (Some(id), Some(members)) = (version.shown_id(), answer.as_object_mut()) {
        members.insert("VersionId".to_owned(), json!(id));
    }
}

fn quoted(etag: &str) -> String {
    format!("\"{etag}\"")
}

fn optional<'a>(parameters: &'a Value, name: &str) -> Option<&'a str> {
    parameters.get(name).and_then(Value::as_str)
}

fn text<'a>(parameters: &'a Value, name: &str) -> Result<&'a str, Error> {
    optional(parameters, name).ok_or_else(|| Error::InvalidArgument(format!("{name} is missing")))
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use super::*;
    use crate::events::Events;
    use crate::s3::{Notifications, Settings, Versioning};
    use crate::service::{Objects, Principal};
    use crate::sqs::Queues;

    fn buckets(folder: &Path) -> Buckets {
        let queues = Queues::open(None, "http://127.0.0.1:1").expect("memory");
        let events = Events::open(Arc::new(queues), "domain", None).expect("no file");
        let buckets = Buckets::open(folder, Arc::new(events)).expect("a folder");
        let settings = Settings {
            versioning: Versioning::Enabled,
            notifications: Notifications::EventBridge,
        };
        buckets.create_bucket("source", settings).expect("a bucket");
        buckets
    }

    async fn call(buckets: &Buckets, operation: &str, parameters: Value) -> Result<Value, String> {
        let call = Call {
            principal: Principal("tester".into()),
            operation: operation.into(),
            parameters,
        };
        buckets.call(call).await.map_err(|error| error.code)
    }

    #[tokio::test]
    async fn puts_tags_lists_and_gets() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let buckets = buckets(folder.path());
        let object = |key: &str| json!({"Bucket": "source", "Key": key});
        for key in ["a", "a/b"] {
            let mut put = object(key);
            put["Body"] = json!({"key": key});
            let answer = call(&buckets, "PutObject", put).await;
            assert!(answer.is_ok_and(|answer| answer.get("VersionId").is_some()));
        }
        let mut tagging = object("a");
        let tags = json!({"TagSet": [{"Key": "verdict", "Value": "NoVideoTrack"}]});
        tagging["Tagging"] = tags.clone();
        assert!(call(&buckets, "PutObjectTagging", tagging).await.is_ok());
        let tagged = call(&buckets, "GetObjectTagging", object("a"))
            .await
            .expect("tags");
        assert_eq!(tagged.get("TagSet"), tags.get("TagSet"));

        let got = call(&buckets, "GetObject", object("a/b"))
            .await
            .expect("an object");
        assert_eq!(got.get("Body"), Some(&json!("{\"key\":\"a/b\"}")));

        let first = json!({"Bucket": "source", "MaxKeys": 1});
        let page = call(&buckets, "ListObjectsV2", first)
            .await
            .expect("a page");
        assert_eq!(page.pointer("/Contents/0/Key"), Some(&json!("a")));
        let token = page.get("NextContinuationToken").expect("a next page");
        let next = json!({"Bucket": "source", "ContinuationToken": token});
        let page = call(&buckets, "ListObjectsV2", next).await.expect("a page");
        assert_eq!(page.pointer("/Contents/0/Key"), Some(&json!("a/b")));
        assert_eq!(page.get("IsTruncated"), Some(&json!(false)));
    }

    #[tokio::test]
    async fn describes_a_file_put_by_a_service() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let buckets = buckets(folder.path());
        let file = folder.path().join("file");
        std::fs::write(&file, "123456789").expect("a file");
        buckets
            .put("source", "k", &file, "text/plain")
            .await
            .expect("an object");

        let parameters = json!({"Bucket": "source", "Key": "k", "ChecksumMode": "ENABLED"});
        let head = call(&buckets, "HeadObject", parameters)
            .await
            .expect("an object");
        for (name, expected) in [
            ("ContentLength", json!(9)),
            ("ContentType", json!("text/plain")),
            ("ETag", json!("\"25f9e794323b453885f5181f1b624d0b\"")),
            ("ChecksumCRC64NVME", json!("rosUhgp5mIg=")),
            ("ChecksumType", json!("FULL_OBJECT")),
        ] {
            assert_eq!(head.get(name), Some(&expected), "{name}");
        }
        let path = buckets.file("source", "k").await.expect("an object");
        assert_eq!(
            std::fs::read(path).ok().as_deref(),
            Some(b"123456789".as_slice())
        );
        assert_eq!(
            buckets
                .head("source", "k")
                .await
                .map(|head| head.size_bytes)
                .ok(),
            Some(9)
        );
    }

    #[tokio::test]
    async fn refuses_with_s3_codes() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let buckets = buckets(folder.path());
        let long = "x".repeat(MAX_BODY_BYTES + 1);
        let put = json!({"Bucket": "source", "Key": "long", "Body": long});
        call(&buckets, "PutObject", put).await.expect("a long body");
        for (operation, parameters, expected) in [
            (
                "HeadObject",
                json!({"Bucket": "source", "Key": "none"}),
                "NoSuchKey",
            ),
            (
                "HeadObject",
                json!({"Bucket": "none", "Key": "k"}),
                "NoSuchBucket",
            ),
            ("HeadObject", json!({"Bucket": "source"}), "InvalidArgument"),
            (
                "GetObject",
                json!({"Bucket": "source", "Key": "long"}),
                "InvalidRequest",
            ),
            (
                "PutObjectTagging",
                json!({"Bucket": "source", "Key": "k"}),
                "InvalidArgument",
            ),
            ("RestoreObject", json!({}), "UnknownOperationException"),
        ] {
            let answer = call(&buckets, operation, parameters).await;
            assert_eq!(answer.err().as_deref(), Some(expected), "{operation}");
        }
    }
}
