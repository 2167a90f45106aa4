//! `s3://bucket/key`.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A place in S3: an object, or the beginning of the keys of several.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Location {
    /// Bucket.
    pub bucket: String,
    /// Key; never empty.
    pub key: String,
}

/// Text that is no `s3://bucket/key`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not of the form s3://bucket/key")]
pub struct NotALocation(String);

impl TryFrom<String> for Location {
    type Error = NotALocation;

    fn try_from(text: String) -> Result<Self, NotALocation> {
        match text
            .strip_prefix("s3://")
            .and_then(|rest| rest.split_once('/'))
        {
            Some((bucket, key)) if !bucket.is_empty() && !key.is_empty() => Ok(Self {
                bucket: bucket.to_owned(),
                key: key.to_owned(),
            }),
            _ => Err(NotALocation(text)),
        }
    }
}

impl From<Location> for String {
    fn from(location: Location) -> Self {
        location.to_string()
    }
}

impl fmt::Display for Location {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "s3://{}/{}", self.bucket, self.key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_location_has_a_bucket_and_a_key() {
        let check = |text: &str, expected: Option<(&str, &str)>| {
            let found = Location::try_from(text.to_owned()).ok();
            assert_eq!(
                found
                    .as_ref()
                    .map(|one| (one.bucket.as_str(), one.key.as_str())),
                expected
            );
            assert_eq!(found.map(String::from), expected.map(|_| text.to_owned()));
        };
        check("s3://b/k", Some(("b", "k")));
        check("s3://b/a b/ä+%20.mp4", Some(("b", "a b/ä+%20.mp4")));
        check("s3://b/", None);
        check("s3:///k", None);
        check("s3://b", None);
        check("https://b/k", None);
    }
}
