//! The report: a job's page as one file that needs nothing else, for a ticket.

mod mask;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::console::assets::{REPORT, SHARED, STYLE};
use crate::console::graph::{Picture, pictures};

pub use mask::{Masking, mask};

/// What stands around the story.
#[derive(Debug, Clone)]
pub struct Frame<'a> {
    /// When it was made, RFC 3339.
    pub made: &'a str,
    /// Arguments that reach the environment, for commands that are shown.
    pub place: &'a str,
    /// What is masked.
    pub masking: Masking,
}

/// The report of a story, which is masked on the way.
pub fn report(story: &Value, frame: &Frame<'_>) -> String {
    let story = mask(story, frame.masking);
    let is_masked = frame.masking == Masking::Personal;
    let pictures: BTreeMap<String, Picture> = pictures();
    let data = json!({
        "story": story,
        "pictures": pictures,
        "made": frame.made,
        "masked": is_masked,
        // The arguments may name a folder, a profile, an account.
        "where": if is_masked { "" } else { frame.place },
    });
    page(&title(&story), &data)
}

fn title(story: &Value) -> String {
    let text = |pointer: &str| story.pointer(pointer).and_then(Value::as_str);
    let name = text("/job/jobId").or_else(|| text("/execution/name"));
    let error = text("/rootCause/error").map(|error| format!(": {error}"));
    format!("{}{}", name.unwrap_or("job"), error.unwrap_or_default())
}

fn page(title: &str, data: &Value) -> String {
    let script = script();
    let policy = format!(
        "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
        digest(&script),
        digest(STYLE)
    );
    let mut page = String::new();
    // Writing into a String cannot fail.
    let _ = write!(
        page,
        "<!doctype html>
<html lang=\"en\">
<head>
<meta charset=\"utf-8\">
<meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">
<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">
<meta name=\"referrer\" content=\"no-referrer\">
<title>{title}</title>
<style>{STYLE}</style>
</head>
<body>
<noscript>The report needs JavaScript, all of which is inside.</noscript>
<main></main>
<p id=\"live\" class=\"unseen\" role=\"status\"></p>
<script type=\"application/json\" id=\"data\">{data}</script>
<script>{script}</script>
</body>
</html>
",
        title = escaped(title),
        data = embedded(data),
    );
    page
}

/// The modules as one script: a page that is opened as a file cannot import others. Their names do not meet, which a
/// browser would refuse.
fn script() -> String {
    let modules = SHARED.iter().map(|asset| asset.text).chain([REPORT]);
    let lines = modules
        .flat_map(str::lines)
        .filter(|line| !line.starts_with("import "));
    let lines = lines.map(|line| line.strip_prefix("export ").unwrap_or(line));
    let body = lines.collect::<Vec<_>>().join("\n");
    format!("\"use strict\";(() => {{\n{body}\n}})();")
}

/// JSON within a script element: nothing in it can end that element, or begin a comment.
fn embedded(data: &Value) -> String {
    data.to_string()
        .replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

fn digest(text: &str) -> String {
    STANDARD.encode(Sha256::digest(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(story: &Value, masking: Masking) -> String {
        let frame = Frame {
            made: "2026-01-01T00:00:00Z",
            place: "--data /srv/secret-folder",
            masking,
        };
        report(story, &frame)
    }

    #[test]
    fn no_text_of_a_job_ends_the_script_it_is_in() {
        let evil = "</script><script>alert(1)</script><!--";
        let story =
            json!({"job": {"jobId": evil}, "rootCause": {"error": evil, "cause": {evil: [evil]}}});
        let page = made(&story, Masking::Secrets);
        assert!(!page.contains("alert(1)</script>"), "the text is markup");
        assert_eq!(page.matches("<script").count(), 2);
        let (_, rest) = page.split_once("id=\"data\">").unwrap_or_default();
        let (data, _) = rest.split_once("</script>").unwrap_or_default();
        let data: Value = serde_json::from_str(data).unwrap_or_default();
        assert_eq!(data.pointer("/story/rootCause/error"), Some(&json!(evil)));
    }

    #[test]
    fn the_script_stands_alone() {
        let script = script();
        assert!(!script.contains("\nimport ") && !script.contains("\nexport "));
        assert!(!script.contains("</script"));
        let page = made(&json!({}), Masking::Secrets);
        for outside in ["http://", "https://", "url(", " src=", " href="] {
            let found: Vec<_> = page.match_indices(outside).map(|(at, _)| at).collect();
            let is_namespace = |at: &usize| {
                page.get(*at..).is_some_and(|rest| {
                    rest.starts_with("http://www.w3.org/2000/svg") || rest.starts_with("url(#")
                })
            };
            assert!(found.iter().all(is_namespace), "{outside}");
        }
    }

    #[test]
    fn a_masked_report_does_not_tell_where_it_was_made() {
        assert!(made(&json!({}), Masking::Secrets).contains("secret-folder"));
        assert!(!made(&json!({}), Masking::Personal).contains("secret-folder"));
    }
}
