//! The index of buckets and object versions in a file: what is there, not its bytes.

use std::collections::HashSet;
use std::path::Path;

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::Serialize;
use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

use super::error::Error;
use super::tagging::Tags;
use super::version::{Attributes, Content, Settings, UNVERSIONED, Version, Versioning};
use crate::database;

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS bucket (name TEXT PRIMARY KEY, settings TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS version (
        sequence INTEGER PRIMARY KEY AUTOINCREMENT,
        bucket TEXT NOT NULL REFERENCES bucket (name),
        key TEXT NOT NULL,
        version_id TEXT NOT NULL,
        modified_ms INTEGER NOT NULL,
        content TEXT,
        attributes TEXT NOT NULL,
        tags TEXT NOT NULL,
        UNIQUE (bucket, key, version_id)
    );
    CREATE INDEX IF NOT EXISTS version_latest ON version (bucket, key, sequence);
    CREATE TABLE IF NOT EXISTS upload (
        id TEXT PRIMARY KEY, bucket TEXT NOT NULL, key TEXT NOT NULL, settings TEXT NOT NULL
    );
    CREATE TABLE IF NOT EXISTS part (
        upload TEXT NOT NULL REFERENCES upload (id), number INTEGER NOT NULL, content TEXT NOT NULL,
        PRIMARY KEY (upload, number)
    );
    CREATE TABLE IF NOT EXISTS news (sequence INTEGER PRIMARY KEY, bucket TEXT NOT NULL, detail TEXT NOT NULL);
";

/// Columns of a version, in the order in which [`version`] reads them.
const COLUMNS: &str = "key, version_id, modified_ms, content, attributes, tags, sequence";

/// An event of a version: its number among all versions, its bucket, its detail.
pub(super) struct News {
    pub sequence: i64,
    pub bucket: String,
    pub detail: Value,
}

pub(super) struct Index {
    pub connection: Connection,
}

impl Index {
    pub fn open(file: Option<&Path>) -> Result<Self, Error> {
        Ok(Self {
            connection: database::open(file, SCHEMA)?,
        })
    }

    /// Makes a bucket, or changes the settings of one that exists.
    pub fn put_bucket(&mut self, name: &str, settings: Settings) -> Result<(), Error> {
        let sql = "INSERT INTO bucket (name, settings) VALUES (?1, json_set(?2, '$.createdMs', ?3))
            ON CONFLICT (name) DO UPDATE
            SET settings = json_set(?2, '$.createdMs', coalesce(bucket.settings ->> '$.createdMs', ?3))";
        self.connection
            .execute(sql, params![name, to_text(&settings), now_ms()])?;
        Ok(())
    }

    pub fn bucket(&self, name: &str) -> Result<Settings, Error> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT settings FROM bucket WHERE name = ?1")?;
        let settings = statement
            .query_row([name], |row| from_text(row, 0))
            .optional()?;
        settings.ok_or(Error::NoSuchBucket)
    }

    /// Names of the buckets, and when each was made.
    pub fn buckets(&self) -> Result<Vec<(String, OffsetDateTime)>, Error> {
        let mut statement = self.connection.prepare_cached(
            "SELECT name, coalesce(settings ->> '$.createdMs', 0) FROM bucket ORDER BY name",
        )?;
        let buckets = statement.query_map([], |row| Ok((row.get(0)?, time(row.get(1)?))))?;
        Ok(buckets.collect::<Result<_, _>>()?)
    }

    /// Deletes a bucket that has no versions and no uploads.
    pub fn remove_bucket(&mut self, name: &str) -> Result<(), Error> {
        self.bucket(name)?;
        let used = "SELECT EXISTS (SELECT 1 FROM version WHERE bucket = ?1)
            OR EXISTS (SELECT 1 FROM upload WHERE bucket = ?1)";
        let is_used: bool = self.connection.query_row(used, [name], |row| row.get(0))?;
        if is_used {
            return Err(Error::BucketNotEmpty);
        }
        self.connection
            .execute("DELETE FROM bucket WHERE name = ?1", [name])?;
        Ok(())
    }

    /// Adds a version (a delete marker without `content`) and answers it with the blob that it replaces. The `news`
    /// that there are of it are kept with it, until [`Index::told`].
    pub fn add(
        &mut self,
        bucket: &str,
        key: &str,
        content: Option<&Content>,
        attributes: &Attributes,
        tags: &Tags,
        news: impl FnOnce(&Version) -> Option<Value>,
    ) -> Result<(Version, Option<String>), Error> {
        let versioning = self.bucket(bucket)?.versioning;
        let transaction = self.connection.transaction()?;
        let version_id = match versioning {
            Versioning::Enabled => Uuid::new_v4().simple().to_string(),
            Versioning::Off => UNVERSIONED.to_owned(),
        };
        let replaced = remove(&transaction, bucket, key, &version_id)?;
        let sql =
            "INSERT INTO version (bucket, key, version_id, modified_ms, content, attributes, tags)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
        let modified_ms = now_ms();
        let content_text = content.map(to_text);
        let parameters = params![
            bucket,
            key,
            version_id,
            modified_ms,
            content_text,
            to_text(attributes),
            to_text(tags)
        ];
        transaction.execute(sql, parameters)?;
        let version = Version {
            key: key.to_owned(),
            version_id,
            modified: time(modified_ms),
            content: content.cloned(),
            attributes: attributes.clone(),
            tags: tags.clone(),
            sequence: transaction.last_insert_rowid(),
        };
        if let Some(detail) = news(&version) {
            let sql = "INSERT INTO news (sequence, bucket, detail) VALUES (?1, ?2, ?3)";
            transaction.execute(sql, params![version.sequence, bucket, to_text(&detail)])?;
        }
        transaction.commit()?;
        Ok((
            version,
            replaced
                .and_then(|replaced| replaced.content)
                .map(|content| content.blob),
        ))
    }

    /// News that may not have been told, oldest first: of one version, or of all.
    pub fn news(&self, sequence: Option<i64>) -> Result<Vec<News>, Error> {
        let sql = "SELECT sequence, bucket, detail FROM news WHERE ?1 IS NULL OR sequence = ?1 ORDER BY sequence";
        let mut statement = self.connection.prepare_cached(sql)?;
        let news = statement.query_map([sequence], |row| {
            Ok(News {
                sequence: row.get(0)?,
                bucket: row.get(1)?,
                detail: from_text(row, 2)?,
            })
        });
        Ok(news?.collect::<Result<_, _>>()?)
    }

    /// Forgets news that have been told.
    pub fn told(&mut self, sequence: i64) -> Result<(), Error> {
        self.connection
            .execute("DELETE FROM news WHERE sequence = ?1", [sequence])?;
        Ok(())
    }

    /// The blobs of all versions and parts.
    pub fn blobs(&self) -> Result<HashSet<String>, Error> {
        let sql = "SELECT content ->> 'blob' FROM version WHERE content IS NOT NULL
            UNION SELECT content ->> 'blob' FROM part";
        let mut statement = self.connection.prepare_cached(sql)?;
        let blobs = statement.query_map([], |row| row.get(0))?;
        Ok(blobs.collect::<Result<_, _>>()?)
    }

    /// A version by its id, or the latest one; it may be a delete marker.
    pub fn version(
        &self,
        bucket: &str,
        key: &str,
        version_id: Option<&str>,
    ) -> Result<Version, Error> {
        self.bucket(bucket)?;

        if let Some(version_id) = version_id {
            find(&self.connection, bucket, key, version_id)?.ok_or(Error::NoSuchVersion)
        } else {
            let sql = format!(
                "SELECT {COLUMNS} FROM version WHERE bucket = ?1 AND key = ?2 ORDER BY sequence DESC LIMIT 1"
            );
            let mut statement = self.connection.prepare_cached(&sql)?;
            let latest = statement
                .query_row(params![bucket, key], version)
                .optional()?;
            latest.ok_or(Error::NoSuchKey)
        }
    }

    /// A version that has content, with its content.
    pub fn object(
        &self,
        bucket: &str,
        key: &str,
        version_id: Option<&str>,
    ) -> Result<(Version, Content), Error> {
        let version = self.version(bucket, key, version_id)?;
        match (version.content.clone(), version_id) {
            (Some(content), _) => Ok((version, content)),
            (None, Some(_)) => Err(Error::MethodNotAllowed),
            (None, None) => Err(Error::NoSuchKey),
        }
    }

    /// Deletes one version for good and answers what it was.
    pub fn remove(
        &mut self,
        bucket: &str,
        key: &str,
        version_id: &str,
    ) -> Result<Option<Version>, Error> {
        self.bucket(bucket)?;
        Ok(remove(&self.connection, bucket, key, version_id)?)
    }

    pub fn set_tags(&mut self, bucket: &str, sequence: i64, tags: &Tags) -> Result<(), Error> {
        let sql = "UPDATE version SET tags = ?3 WHERE bucket = ?1 AND sequence = ?2";
        self.connection
            .execute(sql, params![bucket, sequence, to_text(tags)])?;
        Ok(())
    }

    /// Latest versions with content whose key is after `after` and begins with `prefix`, in the order of their keys.
    pub fn latest(
        &self,
        bucket: &str,
        prefix: &str,
        after: &str,
        limit: usize,
    ) -> Result<Vec<Version>, Error> {
        let sql = format!(
            "SELECT {COLUMNS} FROM version AS this
            WHERE bucket = ?1 AND key >= ?2 AND key > ?3 AND substr(key, 1, length(?2)) = ?2 AND content IS NOT NULL
                AND sequence = (SELECT max(sequence) FROM version WHERE bucket = ?1 AND key = this.key)
            ORDER BY key LIMIT ?4"
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        let versions = statement.query_map(params![bucket, prefix, after, limit], version)?;
        Ok(versions.collect::<Result<_, _>>()?)
    }
}

impl Index {
    /// All versions after a place, by their keys and from the latest to the first, each with whether it is the latest.
    pub fn versions(
        &self,
        bucket: &str,
        prefix: &str,
        (after, before): (&str, i64),
        limit: usize,
    ) -> Result<Vec<(Version, bool)>, Error> {
        let sql = format!(
            "SELECT {COLUMNS}, sequence = (SELECT max(sequence) FROM version WHERE bucket = ?1 AND key = this.key)
            FROM version AS this
            WHERE bucket = ?1 AND substr(key, 1, length(?2)) = ?2 AND (key > ?3 OR (key = ?3 AND sequence < ?4))
            ORDER BY key, sequence DESC LIMIT ?5"
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        let versions = statement
            .query_map(params![bucket, prefix, after, before, limit], |row| {
                Ok((version(row)?, row.get(7)?))
            })?;
        Ok(versions.collect::<Result<_, _>>()?)
    }
}

fn find(
    connection: &Connection,
    bucket: &str,
    key: &str,
    version_id: &str,
) -> rusqlite::Result<Option<Version>> {
    let sql =
        format!("SELECT {COLUMNS} FROM version WHERE bucket = ?1 AND key = ?2 AND version_id = ?3");
    let mut statement = connection.prepare_cached(&sql)?;
    statement
        .query_row(params![bucket, key, version_id], version)
        .optional()
}

fn remove(
    connection: &Connection,
    bucket: &str,
    key: &str,
    version_id: &str,
) -> rusqlite::Result<Option<Version>> {
    let found = find(connection, bucket, key, version_id)?;
    let sql = "DELETE FROM version WHERE bucket = ?1 AND key = ?2 AND version_id = ?3";
    connection.execute(sql, params![bucket, key, version_id])?;
    Ok(found)
}

fn version(row: &Row<'_>) -> rusqlite::Result<Version> {
    let content: Option<String> = row.get(3)?;
    Ok(Version {
        key: row.get(0)?,
        version_id: row.get(1)?,
        modified: time(row.get(2)?),
        content: content.map(|_| from_text(row, 3)).transpose()?,
        attributes: from_text(row, 4)?,
        tags: from_text(row, 5)?,
        sequence: row.get(6)?,
    })
}

fn now_ms() -> i64 {
    let now = OffsetDateTime::now_utc();
    now.unix_timestamp() * 1000 + i64::from(now.millisecond())
}

fn time(milliseconds: i64) -> OffsetDateTime {
    let time = OffsetDateTime::from_unix_timestamp_nanos(i128::from(milliseconds) * 1_000_000);
    time.unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

/// A column's JSON.
pub(super) fn to_text(value: &impl Serialize) -> String {
    // The types kept here are made of texts, numbers and maps with text keys, which JSON has.
    serde_json::to_string(value).unwrap_or_default()
}

/// What [`to_text`] wrote.
pub(super) fn from_text<T: serde::de::DeserializeOwned>(
    row: &Row<'_>,
    column: usize,
) -> rusqlite::Result<T> {
    let text: String = row.get(column)?;
    let unreadable = |error| {
        rusqlite::Error::FromSqlConversionFailure(
            column,
            rusqlite::types::Type::Text,
            Box::new(error),
        )
    };
    serde_json::from_str(&text).map_err(unreadable)
}
