//! Tags of objects and S3's rules for them.

use std::collections::BTreeMap;

use super::Buckets;
use super::error::Error;

/// Tags of an object.
pub type Tags = BTreeMap<String, String>;

/// Most tags of an object: S3's own limit.
const MAX_TAGS: usize = 10;

/// Longest key of a tag in characters: S3's own limit.
const MAX_KEY_CHARACTERS: usize = 128;

/// Longest value of a tag in characters: S3's own limit.
const MAX_VALUE_CHARACTERS: usize = 256;

/// Checks a list of tags.
///
/// # Errors
/// `InvalidTag`.
pub(super) fn tags(pairs: Vec<(String, String)>) -> Result<Tags, Error> {
    if pairs.len() > MAX_TAGS {
        return Err(Error::InvalidTag(format!("more than {MAX_TAGS} tags")));
    }
    let mut tags = Tags::new();
    for (key, value) in pairs {
        let is_key = (1..=MAX_KEY_CHARACTERS).contains(&key.chars().count()) && is_allowed(&key);
        let is_value = value.chars().count() <= MAX_VALUE_CHARACTERS && is_allowed(&value);
        if !is_key || !is_value {
            return Err(Error::InvalidTag(format!("{key}={value}")));
        }
        if tags.insert(key.clone(), value).is_some() {
            return Err(Error::InvalidTag(format!("two tags {key}")));
        }
    }
    Ok(tags)
}

/// Tags as a header has them: `a=b&c=d`, percent-encoded.
///
/// # Errors
/// `InvalidTag`.
pub(super) fn tags_of_header(header: &str) -> Result<Tags, Error> {
    let pairs =
        serde_urlencoded::from_str(header).map_err(|error| Error::InvalidTag(error.to_string()))?;
    tags(pairs)
}

fn is_allowed(text: &str) -> bool {
    text.chars()
        .all(|character| character.is_alphanumeric() || " +-=._:/@".contains(character))
}

impl Buckets {
    /// Tags of an object, with the id of the version that has them.
    pub(super) fn tags(
        &self,
        bucket: &str,
        key: &str,
        version_id: Option<&str>,
    ) -> Result<(Tags, String), Error> {
        let (version, _) = self.index().object(bucket, key, version_id)?;
        Ok((version.tags, version.version_id))
    }

    /// Replaces the tags of an object; answers the id of the version that has them.
    pub(super) fn set_tags(
        &self,
        bucket: &str,
        key: &str,
        version_id: Option<&str>,
        tags: &Tags,
    ) -> Result<String, Error> {
        let mut index = self.index();
        let (version, _) = index.object(bucket, key, version_id)?;
        index.set_tags(bucket, version.sequence, tags)?;
        Ok(version.version_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(
        clippy::needless_pass_by_value,
        reason = "cases are easier to read without borrows"
    )]
    fn check(pairs: Vec<(String, String)>, is_expected: bool) {
        assert_eq!(tags(pairs.clone()).is_ok(), is_expected, "{pairs:?}");
    }

    #[test]
    fn keeps_to_the_limits() {
        let tag = |key: &str, value: &str| vec![(key.to_owned(), value.to_owned())];
        check(tag("verdict", "NoVideoTrack"), true);
        check(tag("verdict", ""), true);
        check(tag("", "a"), false);
        check(tag("verdict", "a\nb"), false);
        check(tag("verdict", "a,b"), false);
        check(tag(&"k".repeat(128), &"v".repeat(256)), true);
        check(tag(&"k".repeat(129), "v"), false);
        check(tag("k", &"v".repeat(257)), false);
        check([tag("a", "b"), tag("a", "c")].concat(), false);
        let many = |count: usize| {
            (0..count)
                .map(|number| (number.to_string(), String::new()))
                .collect()
        };
        check(many(10), true);
        check(many(11), false);
    }

    #[test]
    fn reads_a_header() {
        let tags = tags_of_header("a=b%20c&d=").expect("tags");
        assert_eq!(tags.get("a").map(String::as_str), Some("b c"));
        assert_eq!(tags.get("d").map(String::as_str), Some(""));
    }
}
