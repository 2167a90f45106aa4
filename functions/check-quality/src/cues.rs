//! Subtitle files, read as strictly as players may.

use videoflow_shared::subtitles::Format;

/// A cue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cue {
    /// Appears.
    pub start_ms: u64,
    /// Disappears.
    pub end_ms: u64,
    /// Text as a viewer sees it, by lines.
    pub lines: Vec<String>,
}

/// The cues of a file.
///
/// # Errors
/// What is not in the form of the format, and where.
pub fn read(format: Format, text: &str) -> Result<Vec<Cue>, String> {
    let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n");
    let body = match format {
        Format::Vtt => {
            let (header, body) = text.split_once("\n\n").unwrap_or((text.trim_end(), ""));
            if header != "WEBVTT"
                && !header.starts_with("WEBVTT\n")
                && !header.starts_with("WEBVTT ")
            {
                return Err("it does not begin with WEBVTT".to_owned());
            }
            body
        }
        Format::Srt => &text,
    };
    let blocks = body.split("\n\n").map(|block| block.trim_matches('\n'));
    let blocks = blocks.filter(|block| !block.is_empty());
    let blocks = blocks.filter(|block| format == Format::Srt || !is_remark(block));
    let cues = blocks
        .enumerate()
        .map(|(index, block)| cue(format, index + 1, block));
    cues.collect()
}

/// A block of `WebVTT` that is no cue.
fn is_remark(block: &str) -> bool {
    ["NOTE", "STYLE", "REGION"].iter().any(|word| {
        block
            .strip_prefix(word)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\n']))
    })
}

fn cue(format: Format, number: usize, block: &str) -> Result<Cue, String> {
    let mut lines = block.lines();
    let mut first = lines.next().unwrap_or_default();
    match format {
        Format::Srt => {
            if first.trim() != number.to_string() {
                return Err(format!("`{first}` is no number of cue {number}"));
            }
            first = lines.next().unwrap_or_default();
        }
        // The name of a cue is optional.
        Format::Vtt if !first.contains("-->") => first = lines.next().unwrap_or_default(),
        Format::Vtt => (),
    }
    let times = first
        .split_once("-->")
        .and_then(|(start, end)| Some((milliseconds(format, start)?, milliseconds(format, end)?)));
    let (start_ms, end_ms) =
        times.ok_or_else(|| format!("cue {number} has no times: `{first}`"))?;
    Ok(Cue {
        start_ms,
        end_ms,
        lines: lines.map(|line| shown(format, line)).collect(),
    })
}

/// `00:00:00.000` with the format's own decimal mark; `WebVTT` may leave the hours out, and may have settings behind it.
fn milliseconds(format: Format, text: &str) -> Option<u64> {
    let stamp = text.split_whitespace().next()?;
    let (clock, ms) = stamp.split_once(match format {
        Format::Vtt => '.',
        Format::Srt => ',',
    })?;
    let parts: Vec<&str> = clock.split(':').collect();
    let is_whole = match (format, parts.as_slice()) {
        (Format::Vtt, [_, _]) => true,
        (_, parts) => parts.len() == 3,
    };
    let mut seconds: u64 = 0;
    for part in &parts {
        let is_number = part.len() >= 2 && part.bytes().all(|byte| byte.is_ascii_digit());
        let value: u64 = part.parse().ok().filter(|_| is_number)?;
        seconds = seconds.checked_mul(60)?.checked_add(value)?;
    }
    let ms: u64 = ms.parse().ok().filter(|_| ms.len() == 3)?;
    seconds
        .checked_mul(1000)?
        .checked_add(ms)
        .filter(|_| is_whole)
}

/// A line without markup. In `WebVTT` that is tags and entities; `SubRip` has none of its own, and an arrow in it would
/// be taken for times, so both are told alike with another one.
fn shown(format: Format, line: &str) -> String {
    if format == Format::Srt {
        return line.to_owned();
    }
    let mut text = String::new();
    let mut is_tag = false;
    for character in line.chars() {
        match character {
            '<' => is_tag = true,
            '>' if is_tag => is_tag = false,
            other if !is_tag => text.push(other),
            _ => (),
        }
    }
    let text = text.replace("&lt;", "<").replace("&gt;", ">");
    text.replace("&nbsp;", "\u{a0}")
        .replace("&amp;", "&")
        .replace("-->", "→")
}
