//! What a report does not tell. Secrets never leave the machine; names, accounts, addresses and what people said do unless
//! it is asked otherwise.
//!
//! What is replaced stays recognisable: equal names become equal words, so that the story can still be followed.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::{Captures, Regex};
use serde_json::{Map, Value};

/// What is masked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Masking {
    /// Signatures, tokens, keys.
    Secrets,
    /// These, and what tells of people and owners: file names, buckets, accounts, addresses, texts.
    Personal,
}

/// Members whose text is a secret.
const SECRET_MEMBERS: [&str; 9] = [
    "token",
    "secret",
    "password",
    "passwd",
    "authorization",
    "credential",
    "apikey",
    "signature",
    "cookie",
];
/// Members whose text somebody said or wrote. Everything below them is masked too.
const SPOKEN_MEMBERS: [&str; 20] = [
    "abstract",
    "alternatives",
    "caption",
    "captions",
    "comment",
    "content",
    "description",
    "line",
    "people",
    "quote",
    "quotes",
    "reviewer",
    "segments",
    "statement",
    "statements",
    "summary",
    "text",
    "title",
    "transcript",
    "words",
];
/// Members of a story whose documents are of states: what somebody said is there, and nowhere else.
const DOCUMENTS: [&str; 4] = ["cause", "errorDetails", "input", "output"];
/// How deep documents lie within documents.
const DEPTH_LIMIT: usize = 64;

/// A pattern and what stands for it.
type Rule = (LazyLock<Regex>, &'static str);

macro_rules! rule {
    ($pattern:literal, $instead:literal) => {
        (
            LazyLock::new(|| Regex::new($pattern).expect("a pattern that a test has compiled")),
            $instead,
        )
    };
}

static SECRETS: [Rule; 5] = [
    // Signed addresses of S3 and CloudFront: without these they open nothing.
    rule!(
        r"(?i)\b(X-Amz-Signature|X-Amz-Credential|X-Amz-Security-Token|Signature|Key-Pair-Id|Policy|AWSAccessKeyId)=[^&\s\x22'<>\\]+",
        "$1=[masked]"
    ),
    rule!(r"\b(?:AKIA|ASIA|AROA|AIDA)[A-Z0-9]{16}\b", "[access key]"),
    rule!(
        r"(?i)\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]{8,}",
        "$1 [masked]"
    ),
    rule!(
        r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*",
        "[token]"
    ),
    rule!(
        r"(?i)\b(token|secret|password|passwd|api[_-]?key)(\x22?\s*[:=]\s*\x22?)[^\s\x22'&,;}]{4,}",
        "$1$2[masked]"
    ),
];

static PERSONAL: [Rule; 7] = [
    rule!(r"[\w.!#$%&'*+/=?^`{|}~-]+@[\w-]+(?:\.[\w-]+)+", "[e-mail]"),
    rule!(
        r"\b(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)\b",
        "[address]"
    ),
    rule!(
        r"(?i)(?:\b[0-9a-f]{1,4}:){7}[0-9a-f]{1,4}\b|\b(?:[0-9a-f]{1,4}:){1,6}(?::[0-9a-f]{1,4}){1,6}\b",
        "[address]"
    ),
    rule!(r"(arn:[\w-]+:[\w-]*:[\w-]*:)\d{12}\b", "$1[account]"),
    rule!(r"\b\d{12}\b", "[account]"),
    rule!(r"\+\d[\d ()/-]{6,}\d", "[number]"),
    rule!(r"(/home/|/Users/|C:\\Users\\)[^/\\\s\x22]+", "$1[user]"),
];

/// The story without what is masked.
pub fn mask(story: &Value, masking: Masking) -> Value {
    let names = match masking {
        Masking::Secrets => Vec::new(),
        Masking::Personal => names(story),
    };
    let masker = Masker { masking, names };
    masker.value(story, false, 0)
}

/// Names of this job's own: what stands for each, the longest first, so that a part of one is not taken for another.
fn names(story: &Value) -> Vec<(String, String)> {
    let text = |pointer: &str| story.pointer(pointer).and_then(Value::as_str);
    let mut found = Vec::new();
    if let Some(key) = text("/job/source/key").filter(|key| !key.is_empty()) {
        let file = key.rsplit('/').next().unwrap_or(key);
        let (stem, ending) = match file.rsplit_once('.') {
            Some((stem, ending)) if ending.len() <= 5 => (stem, format!(".{ending}")),
            _ => (file, String::new()),
        };
        let masked = format!("[source]{ending}");
        let encoded: String = key
            .split('/')
            .map(percent_encoded)
            .collect::<Vec<_>>()
            .join("/");
        found.push((key.to_owned(), masked.clone()));
        found.push((encoded, masked.clone()));
        found.push((file.to_owned(), masked));
        // A stem of a few letters would be found in words.
        if stem.chars().count() > 5 {
            found.push((stem.to_owned(), "[source]".to_owned()));
        }
    }
    if let Some(version) = text("/job/source/versionId").filter(|version| version.len() > 8) {
        found.push((version.to_owned(), "[version]".to_owned()));
    }
    let mut buckets = BTreeSet::new();
    buckets_of(story, &mut buckets);
    buckets.extend(text("/job/source/bucket").map(str::to_owned));
    for (number, bucket) in buckets.into_iter().enumerate() {
        found.push((bucket, format!("[bucket {}]", number + 1)));
    }
    found.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
    found
}

/// Buckets of every `s3://` location.
fn buckets_of(value: &Value, found: &mut BTreeSet<String>) {
    static LOCATION: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"s3://([\w.-]{3,63})").expect("a pattern that a test has compiled")
    });
    match value {
        Value::String(text) => found.extend(
            LOCATION
                .captures_iter(text)
                .filter_map(|part| Some(part.get(1)?.as_str().to_owned())),
        ),
        Value::Array(items) => items.iter().for_each(|item| buckets_of(item, found)),
        Value::Object(members) => members.values().for_each(|item| buckets_of(item, found)),
        _ => {}
    }
}

fn percent_encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

struct Masker {
    masking: Masking,
    names: Vec<(String, String)>,
}

impl Masker {
    fn value(&self, value: &Value, is_document: bool, depth: usize) -> Value {
        if depth > DEPTH_LIMIT {
            return Value::from("[too deep]");
        }
        match value {
            Value::String(text) => Value::from(self.string(text, is_document, depth)),
            Value::Array(items) => items
                .iter()
                .map(|item| self.value(item, is_document, depth + 1))
                .collect(),
            Value::Object(members) => self.object(members, is_document, depth).into(),
            other => other.clone(),
        }
    }

    fn object(
        &self,
        members: &Map<String, Value>,
        is_document: bool,
        depth: usize,
    ) -> Map<String, Value> {
        let masked = members.iter().map(|(name, value)| {
            let plain: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
            let plain = plain.to_ascii_lowercase();
            let is_secret =
                value.is_string() && SECRET_MEMBERS.iter().any(|secret| plain.ends_with(secret));
            let is_spoken = is_document
                && self.masking == Masking::Personal
                && SPOKEN_MEMBERS.contains(&plain.as_str());
            let is_document = is_document || DOCUMENTS.contains(&name.as_str());
            let value = if is_secret {
                Value::from("[masked]")
            } else if is_spoken {
                spoken(value)
            } else {
                self.value(value, is_document, depth + 1)
            };
            // A member's name may be a file's or a person's.
            (self.text(name), value)
        });
        masked.collect()
    }

    /// A text, or JSON as text.
    fn string(&self, text: &str, is_document: bool, depth: usize) -> String {
        let is_json = text.trim_start().starts_with(['{', '[']);
        match is_json.then(|| serde_json::from_str::<Value>(text)) {
            Some(Ok(value)) => self.value(&value, is_document, depth + 1).to_string(),
            _ => self.text(text),
        }
    }

    fn text(&self, text: &str) -> String {
        let mut masked = apply(&SECRETS, text);
        for (name, instead) in &self.names {
            if masked.contains(name.as_str()) {
                masked = masked.replace(name.as_str(), instead);
            }
        }
        match self.masking {
            Masking::Secrets => masked,
            Masking::Personal => apply(&PERSONAL, &masked),
        }
    }
}

fn apply(rules: &[Rule], text: &str) -> String {
    let mut masked = text.to_owned();
    for (pattern, instead) in rules {
        if pattern.is_match(&masked) {
            masked = pattern
                .replace_all(&masked, |parts: &Captures<'_>| {
                    let mut expanded = String::new();
                    parts.expand(instead, &mut expanded);
                    expanded
                })
                .into_owned();
        }
    }
    masked
}

/// How much somebody said, instead of what.
fn spoken(value: &Value) -> Value {
    match value {
        Value::String(text) => format!("[{} characters]", text.chars().count()).into(),
        Value::Array(items) => format!("[{} items]", items.len()).into(),
        Value::Object(_) => "[text]".into(),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(text: &str, secrets: &str, personal: &str) {
        let masked = |masking| mask(&json!({"cause": text}), masking);
        assert_eq!(masked(Masking::Secrets)["cause"], secrets, "{text}");
        assert_eq!(masked(Masking::Personal)["cause"], personal, "{text}");
    }

    #[test]
    fn secrets_are_masked_always() {
        let signed = "https://b.s3.amazonaws.com/k?X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F2026&X-Amz-Signature=abcdef&x=1";
        let masked =
            "https://b.s3.amazonaws.com/k?X-Amz-Credential=[masked]&X-Amz-Signature=[masked]&x=1";
        check(signed, masked, masked);
        check(
            "key AKIAIOSFODNN7EXAMPLE",
            "key [access key]",
            "key [access key]",
        );
        check(
            "Authorization: Bearer abcdefgh12345",
            "Authorization: Bearer [masked]",
            "Authorization: Bearer [masked]",
        );
        check(
            "password=hunter22 x",
            "password=[masked] x",
            "password=[masked] x",
        );
        let story = json!({"input": {"TaskToken": "AAAA", "maxTokens": 4, "x": "{\"reviewToken\":\"BBBB\"}"}});
        let text = mask(&story, Masking::Secrets).to_string();
        assert!(
            !text.contains("AAAA") && !text.contains("BBBB") && text.contains("\"maxTokens\":4"),
            "{text}"
        );
    }

    #[test]
    fn people_and_owners_are_masked_on_request() {
        check(
            "to ann.o'neil@example.com!",
            "to ann.o'neil@example.com!",
            "to [e-mail]!",
        );
        check("from 10.20.30.40", "from 10.20.30.40", "from [address]");
        check(
            "from 2001:db8::8a2e:370:7334",
            "from 2001:db8::8a2e:370:7334",
            "from [address]",
        );
        let arn = "arn:aws:lambda:eu-west-1:123456789012:function:f:1";
        check(arn, arn, "arn:aws:lambda:eu-west-1:[account]:function:f:1");
        check("/home/ann/x", "/home/ann/x", "/home/[user]/x");
        check(
            "call +49 170 1234567",
            "call +49 170 1234567",
            "call [number]",
        );
        // What helps stays: times, digests, job ids.
        let kept =
            "v-0123456789012345678901234567890123456789 at 2026-11-22T06:00:00.000Z took 1234 ms";
        check(kept, kept, kept);
    }

    #[test]
    fn file_names_and_buckets_get_one_word_each() {
        let story = json!({
            "job": {"source": {"bucket": "acme-source", "key": "clients/Ann Smith.mp4", "versionId": "abcdefghijkl"}},
            "rootCause": {"cause": "cannot read s3://acme-source/clients/Ann Smith.mp4 for s3://acme-output/x",
                "log": {"lines": [{"at": null, "text": "GET /clients/Ann%20Smith.mp4 of acme-source"}]}},
        });
        let text = mask(&story, Masking::Personal).to_string();
        for told in ["Ann", "Smith", "acme", "abcdefghijkl"] {
            assert!(!text.contains(told), "{told}: {text}");
        }
        assert!(
            text.contains("cannot read s3://[bucket 2]/[source].mp4 for s3://[bucket 1]/x"),
            "{text}"
        );
        assert_eq!(mask(&story, Masking::Secrets), story);
    }

    #[test]
    fn what_was_said_is_counted_only() {
        let story = json!({
            "rootCause": {"runbook": {"text": "Redrive."}, "log": {"lines": [{"text": "a line"}]}},
            "execution": {"states": [{"name": "A", "output": {"transcript": "My name is Ann", "title": "Ann", "n": 1}}],
                "cause": "{\"Output\":\"{\\\"summary\\\":\\\"Ann\\\"}\"}"},
        });
        let masked = mask(&story, Masking::Personal);
        let text = masked.to_string();
        assert!(!text.contains("Ann"), "{text}");
        assert!(
            text.contains("Redrive.")
                && text.contains("a line")
                && text.contains("[14 characters]"),
            "{text}"
        );
        assert_eq!(masked["execution"]["states"][0]["name"], "A");
    }

    #[test]
    fn every_pattern_compiles() {
        for (pattern, _) in SECRETS.iter().chain(&PERSONAL) {
            assert!(!pattern.as_str().is_empty());
        }
    }
}
