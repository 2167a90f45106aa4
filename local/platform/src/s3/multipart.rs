//! Multipart uploads.

use rusqlite::{OptionalExtension, params};
use s3s::crypto::{Checksum as _, Md5};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Buckets;
use super::blobs::Blob;
use super::checksum::{self, Algorithm, Coverage};
use super::error::Error;
use super::index::{Index, from_text, to_text};
use super::objects::Reason;
use super::tagging::Tags;
use super::version::{Attributes, Content, Version};

/// Shortest part that is not the last: S3's own limit.
const MIN_PART_BYTES: u64 = 5 * 1024 * 1024;

/// Highest number of a part: S3's own limit.
pub(super) const MAX_PART_NUMBER: i32 = 10_000;

/// What an upload was begun with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Upload {
    pub attributes: Attributes,
    pub tags: Tags,
    pub algorithm: Algorithm,
    pub coverage: Coverage,
}

/// A part that has been uploaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Part {
    pub number: i32,
    pub blob: String,
    pub size_bytes: u64,
    pub md5: [u8; 16],
    pub checksum: Vec<u8>,
}

impl Part {
    pub fn etag(&self) -> String {
        crate::hex(&self.md5)
    }
}

impl Index {
    fn add_upload(&mut self, bucket: &str, key: &str, upload: &Upload) -> Result<String, Error> {
        self.bucket(bucket)?;
        let id = Uuid::new_v4().simple().to_string();
        let sql = "INSERT INTO upload (id, bucket, key, settings) VALUES (?1, ?2, ?3, ?4)";
        self.connection
            .execute(sql, params![id, bucket, key, to_text(upload)])?;
        Ok(id)
    }

    fn upload(&self, bucket: &str, key: &str, id: &str) -> Result<Upload, Error> {
        self.bucket(bucket)?;
        let sql = "SELECT settings FROM upload WHERE id = ?1 AND bucket = ?2 AND key = ?3";
        let found = self
            .connection
            .query_row(sql, params![id, bucket, key], |row| from_text(row, 0));
        found.optional()?.ok_or(Error::NoSuchUpload)
    }

    /// Adds a part and answers the one that it replaces.
    fn add_part(&mut self, upload: &str, part: &Part) -> Result<Option<Part>, Error> {
        let sql = "SELECT content FROM part WHERE upload = ?1 AND number = ?2";
        let replaced = self
            .connection
            .query_row(sql, params![upload, part.number], |row| from_text(row, 0));
        let replaced = replaced.optional()?;
        let sql = "INSERT OR REPLACE INTO part (upload, number, content) VALUES (?1, ?2, ?3)";
        self.connection
            .execute(sql, params![upload, part.number, to_text(part)])?;
        Ok(replaced)
    }

    fn parts(&self, upload: &str) -> Result<Vec<Part>, Error> {
        let sql = "SELECT content FROM part WHERE upload = ?1 ORDER BY number";
        let mut statement = self.connection.prepare_cached(sql)?;
        let parts = statement.query_map([upload], |row| from_text(row, 0))?;
        Ok(parts.collect::<Result<_, _>>()?)
    }

    fn remove_upload(&mut self, upload: &str) -> Result<(), Error> {
        self.connection
            .execute("DELETE FROM part WHERE upload = ?1", [upload])?;
        self.connection
            .execute("DELETE FROM upload WHERE id = ?1", [upload])?;
        Ok(())
    }
}

impl Buckets {
    /// Begins an upload and answers its id.
    pub(super) fn begin_upload(
        &self,
        bucket: &str,
        key: &str,
        upload: &Upload,
    ) -> Result<String, Error> {
        self.check_target(bucket, key)?;
        self.index().add_upload(bucket, key, upload)
    }

    /// What the upload was begun with.
    pub(super) fn upload(&self, bucket: &str, key: &str, id: &str) -> Result<Upload, Error> {
        self.index().upload(bucket, key, id)
    }

    /// The parts of an upload, by number.
    pub(super) fn parts(&self, bucket: &str, key: &str, id: &str) -> Result<Vec<Part>, Error> {
        let index = self.index();
        index.upload(bucket, key, id)?;
        index.parts(id)
    }

    /// Makes a blob that has been written a part; one of the same number is replaced.
    pub(super) fn add_part(
        &self,
        bucket: &str,
        key: &str,
        id: &str,
        number: i32,
        blob: Blob,
    ) -> Result<Part, Error> {
        let part = Part {
            number,
            blob: blob.name,
            size_bytes: blob.size_bytes,
            md5: blob.md5,
            checksum: blob.checksum,
        };
        let mut index = self.index();
        index.upload(bucket, key, id)?;
        if let Some(replaced) = index.add_part(id, &part)? {
            self.blobs().remove(&replaced.blob);
        }
        Ok(part)
    }

    /// Makes the parts named (number and ETag without quotes) an object.
    pub(super) async fn complete_upload(
        &self,
        bucket: &str,
        key: &str,
        id: &str,
        named: &[(i32, String)],
    ) -> Result<(Version, Content), Error> {
        let upload = self.upload(bucket, key, id)?;
        let uploaded = self.parts(bucket, key, id)?;
        let parts = chosen(&uploaded, named)?;
        let blobs: Vec<&str> = parts.iter().map(|part| part.blob.as_str()).collect();
        let blob = self.blobs().join(&blobs, upload.algorithm).await?;
        let digests: Vec<[u8; 16]> = parts.iter().map(|part| part.md5).collect();
        let etag = format!(
            "{}-{}",
            crate::hex(&Md5::checksum(&digests.concat())),
            parts.len()
        );
        let mut content = Content {
            etag,
            ..blob.into()
        };
        if upload.coverage == Coverage::Composite {
            let checksums: Vec<Vec<u8>> = parts.iter().map(|part| part.checksum.clone()).collect();
            content.checksum = checksum::composite(upload.algorithm, &checksums);
        }
        let reason = Reason::CompleteMultipartUpload;
        let version = self.commit(
            bucket,
            key,
            &content,
            &upload.attributes,
            &upload.tags,
            reason,
        )?;
        self.forget_upload(id, &uploaded)?;
        Ok((version, content))
    }

    /// Ends an upload without an object.
    pub(super) fn abort_upload(&self, bucket: &str, key: &str, id: &str) -> Result<(), Error> {
        let parts = self.parts(bucket, key, id)?;
        self.forget_upload(id, &parts)
    }

    fn forget_upload(&self, id: &str, parts: &[Part]) -> Result<(), Error> {
        self.index().remove_upload(id)?;
        for part in parts {
            self.blobs().remove(&part.blob);
        }
        Ok(())
    }
}

/// The uploaded parts that a completion names.
fn chosen<'a>(uploaded: &'a [Part], named: &[(i32, String)]) -> Result<Vec<&'a Part>, Error> {
    if named.is_empty() {
        return Err(Error::InvalidPart);
    }
    if !named.is_sorted_by(|left, right| left.0 < right.0) {
        return Err(Error::InvalidPartOrder);
    }
    let parts = named.iter().map(|(number, etag)| {
        let part = uploaded
            .iter()
            .find(|part| part.number == *number && part.etag() == *etag);
        part.ok_or(Error::InvalidPart)
    });
    let parts: Vec<&Part> = parts.collect::<Result<_, _>>()?;
    let all_but_last = parts.iter().rev().skip(1);
    if all_but_last
        .into_iter()
        .all(|part| part.size_bytes >= MIN_PART_BYTES)
    {
        Ok(parts)
    } else {
        Err(Error::EntityTooSmall)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(number: i32, size_bytes: u64) -> Part {
        Part {
            number,
            blob: String::new(),
            size_bytes,
            md5: [1; 16],
            checksum: Vec::new(),
        }
    }

    #[test]
    fn completes_only_what_was_uploaded_in_order() {
        let uploaded = [
            part(1, MIN_PART_BYTES),
            part(2, MIN_PART_BYTES - 1),
            part(3, 1),
        ];
        let etag = uploaded[0].etag();
        let named = |numbers: &[i32]| {
            numbers
                .iter()
                .map(|number| (*number, etag.clone()))
                .collect::<Vec<_>>()
        };
        for (numbers, expected) in [
            (vec![1, 2], None),
            (vec![2], None),
            (
                vec![1, 2, 3],
                Some("Your proposed upload is smaller than the minimum allowed size"),
            ),
            (
                vec![2, 1],
                Some("The list of parts was not in ascending order."),
            ),
            (
                vec![1, 1],
                Some("The list of parts was not in ascending order."),
            ),
            (
                vec![4],
                Some("One or more of the specified parts could not be found or has another ETag."),
            ),
            (
                vec![],
                Some("One or more of the specified parts could not be found or has another ETag."),
            ),
        ] {
            let answer = chosen(&uploaded, &named(&numbers))
                .err()
                .map(|error| error.to_string());
            assert_eq!(answer.as_deref(), expected, "{numbers:?}");
        }
    }
}
