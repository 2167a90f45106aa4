//! `ListObjectsV2`: keys in the order of their UTF-8 bytes, folded at a delimiter.

use super::Buckets;
use super::error::Error;
use super::version::{Content, Version};

/// Most keys and common prefixes of one page: S3's own limit.
pub(super) const MAX_KEYS: usize = 1000;

/// What to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Query<'a> {
    pub prefix: &'a str,
    pub delimiter: Option<&'a str>,
    /// Only keys after this one.
    pub after: &'a str,
    pub max_keys: usize,
}

/// One page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Page {
    pub objects: Vec<(Version, Content)>,
    pub common_prefixes: Vec<String>,
    /// Where the next page begins, when there is one.
    pub next_after: Option<String>,
}

impl Page {
    pub fn key_count(&self) -> usize {
        self.objects.len() + self.common_prefixes.len()
    }
}

impl Buckets {
    pub(super) fn list(&self, bucket: &str, query: &Query<'_>) -> Result<Page, Error> {
        let index = self.index();
        index.bucket(bucket)?;
        let max_keys = query.max_keys.min(MAX_KEYS);
        let mut page = Page::default();
        let mut after = query.after.to_owned();
        // A folder listed on the page before is not listed again.
        if let Some(prefix) = query
            .delimiter
            .and_then(|delimiter| folder(&after, query.prefix, delimiter))
        {
            after = past(prefix);
        }
        if max_keys == 0 {
            return Ok(page);
        }
        loop {
            // One more than fits, to know whether there is a next page.
            let versions = index.latest(
                bucket,
                query.prefix,
                &after,
                max_keys + 1 - page.key_count(),
            )?;
            if versions.is_empty() {
                return Ok(page);
            }
            for version in versions {
                if page.key_count() == max_keys {
                    page.next_after = Some(after);
                    return Ok(page);
                }
                let folder = query
                    .delimiter
                    .and_then(|delimiter| folder(&version.key, query.prefix, delimiter));
                if let Some(folder) = folder {
                    page.common_prefixes.push(folder.to_owned());
                    after = past(folder);
                    break;
                }
                after.clone_from(&version.key);
                if let Some(content) = version.content.clone() {
                    page.objects.push((version, content));
                }
            }
        }
    }
}

/// The common prefix into which a key is folded.
fn folder<'a>(key: &'a str, prefix: &str, delimiter: &str) -> Option<&'a str> {
    let rest = key.strip_prefix(prefix)?;
    let end = rest.find(delimiter)? + delimiter.len();
    key.get(..prefix.len() + end)
}

/// After every key that begins with `prefix`: no key has this character twice at the same place.
fn past(prefix: &str) -> String {
    format!("{prefix}{}", char::MAX)
}
