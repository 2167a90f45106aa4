//! The brief for people: [`html`], a page without any outside fetch, and [`markdown`].
//!
//! The page works in two places, so its links to media come as candidates, tried in turn: as published, beside
//! `media/` in the output bucket (`published/<job>/brief.html` → `../../media/<job>/720p.mp4`), and as exported, with
//! the media in a folder below it (`<job>/brief.html` → `media/720p.mp4`). It also works from a `file://` address:
//! subtitles are set by script, not fetched.

use crate::location::S3Uri;
use crate::renditions::Thumbnails;
use crate::transcript::Transcript;

use super::{Brief, RenditionKind};

mod closing;
mod evidence;
mod footer;
mod html;
mod markdown;
mod sections;
mod timeline;

pub use html::html;
pub use markdown::markdown;

/// Height up to which a file is played in the page: larger ones are links.
const PLAYED_HEIGHT: u32 = 720;

/// What a page is made of.
#[derive(Debug, Clone, Copy)]
pub struct Page<'a> {
    /// The brief.
    pub brief: &'a Brief,
    /// What is said, when somebody speaks.
    pub transcript: Option<&'a Transcript>,
    /// Pictures by the name of their file, to be set into the page; others are linked.
    pub pictures: &'a [Picture],
    /// Frame captures, shown where the timeline is pointed at.
    pub stills: Option<&'a Thumbnails>,
}

/// A JPEG that is set into the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// Where it is.
    pub uri: S3Uri,
    /// Its bytes in base64.
    pub base64: String,
}

/// Addresses of a media file relative to the page: as published, as exported.
pub fn candidates(uri: &S3Uri) -> [String; 2] {
    // `media/<job>/<name>`: the job may be an earlier one whose files were used again.
    let below = uri.key.strip_prefix("media/").unwrap_or(&uri.key);
    let name = below.split_once('/').map_or(below, |(_, name)| name);
    [
        format!("../../{}", encoded(&uri.key)),
        format!("media/{}", encoded(name)),
    ]
}

/// Address of a published file beside the page: `subtitles/en.vtt`.
fn beside(uri: &S3Uri) -> String {
    let below = uri.key.strip_prefix("published/").unwrap_or(&uri.key);
    encoded(below.split_once('/').map_or(below, |(_, name)| name))
}

/// The file to play: the highest up to 720 lines, else the lowest.
fn played(brief: &Brief) -> Option<&super::Rendition> {
    let files = || {
        brief
            .renditions
            .iter()
            .filter(|one| one.kind == RenditionKind::Mp4)
    };
    let height = |one: &&super::Rendition| one.height.unwrap_or(0);
    files()
        .filter(|one| height(one) <= PLAYED_HEIGHT)
        .max_by_key(height)
        .or_else(|| files().min_by_key(height))
}

/// Labels for people: those that are no parent of another one (an espresso, not that it is also a beverage).
fn telling(brief: &Brief) -> impl Iterator<Item = &crate::labels::Label> {
    let is_parent = |name: &String| {
        brief
            .labels
            .iter()
            .any(|other| other.parents.contains(name))
    };
    brief
        .labels
        .iter()
        .filter(move |label| !is_parent(&label.name))
}

/// A path with everything percent-encoded that is not plain.
fn encoded(path: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~/".contains(&byte);
    path.bytes()
        .map(|byte| {
            if plain(byte) {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}

/// Text for an element or a quoted attribute.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for mark in text.chars() {
        match mark {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            // Neither HTML nor a reader has use for them.
            mark if mark.is_control() && mark != '\n' && mark != '\t' => (),
            mark => safe.push(mark),
        }
    }
    safe
}

/// `1:02:03` or `2:03`.
fn clock(ms: u64) -> String {
    let seconds = ms / 1000;
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("{minutes}:{seconds:02}")
    }
}

/// A share as percent, rounded.
fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

#[cfg(test)]
mod tests;
