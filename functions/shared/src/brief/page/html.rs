//! The page as a whole.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::evidence::{evidence, tongue};
use super::footer::footer;
use super::timeline::timeline;
use super::{Page, candidates, clock, closing, escaped, played, sections};
use crate::subtitles::{self, Format};

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");
/// Languages that are written from right to left.
const RIGHT_TO_LEFT: [&str; 8] = ["ar", "dv", "fa", "he", "ps", "sd", "ur", "yi"];

/// The page of a brief.
pub fn html(page: &Page<'_>) -> String {
    let brief = page.brief;
    let policy = format!(
        "default-src 'none'; img-src 'self' data: file:; media-src 'self' file:; style-src 'sha256-{}'; \
         script-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
        STANDARD.encode(Sha256::digest(STYLE)),
        STANDARD.encode(Sha256::digest(SCRIPT))
    );
    format!(
        "<!doctype html>\n<html lang=\"en\" dir=\"{direction}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"referrer\" content=\"no-referrer\">\n\
         <meta name=\"description\" content=\"{description}\">\n<link rel=\"icon\" href=\"data:,\">\n\
         <title>{title}</title>\n<style>{STYLE}</style>\n</head>\n\
         <body>\n<a class=\"skip\" href=\"#summary\">Skip to the summary</a>\n{header}<main>\n{watch}<div class=\"text\">\n{text}</div>\n</main>\n{footer}\
         <script type=\"application/json\" id=\"cues\">{cues}</script>\n<script>{SCRIPT}</script>\n</body>\n</html>\n",
        direction = direction(&brief.language.code),
        description = escaped(&brief.abstract_short),
        title = escaped(&brief.title.text),
        header = header(page),
        watch = watch(page),
        text = text(page),
        footer = footer(brief),
        cues = cues(page),
    )
}

/// Direction of the page: that of what is said in it.
fn direction(language: &str) -> &'static str {
    let primary = language.split('-').next().unwrap_or_default();
    if RIGHT_TO_LEFT.contains(&primary) {
        "rtl"
    } else {
        "ltr"
    }
}

fn header(page: &Page<'_>) -> String {
    let brief = page.brief;
    let file = brief
        .source
        .key
        .rsplit('/')
        .next()
        .unwrap_or(&brief.source.key);
    let spoken = if brief.language.code == "und" {
        "no speech"
    } else {
        &brief.language.code
    };
    format!(
        "<header>\n<p class=\"meta\"><bdi>{}</bdi> · {} · {}×{} · {}</p>\n<h1 {}>{}{}</h1>\n</header>\n",
        escaped(file),
        clock(brief.source.duration_ms),
        brief.source.width,
        brief.source.height,
        escaped(spoken),
        tongue(&brief.language.code),
        escaped(&brief.title.text),
        evidence(&brief.title, &brief.language.code),
    )
}

fn watch(page: &Page<'_>) -> String {
    let brief = page.brief;
    let (width, height) = played(brief)
        .and_then(|one| one.width.zip(one.height))
        .unwrap_or((brief.source.width, brief.source.height));
    let size =
        format!("width=\"{width}\" height=\"{height}\" controls playsinline preload=\"metadata\"");
    let (mut addresses, mut plain) = (String::new(), String::new());
    if let Some(one) = played(brief) {
        let [published, exported] = candidates(&one.uri).map(|address| escaped(&address));
        addresses = format!(" data-src=\"{published}\" data-other=\"{exported}\"");
        plain = format!(
            "<noscript><video {size}><source src=\"{published}\"><source src=\"{exported}\"></video></noscript>"
        );
    }
    format!(
        "<section class=\"watch\" aria-label=\"Video\">\n\
         <div class=\"frame\"><video id=\"video\" {size}{addresses}></video>{plain}\
         <div class=\"poster\" hidden><p>The video file is not beside this page.</p></div></div>\n\
         {}<p class=\"unseen\" role=\"status\" id=\"status\"></p></section>\n",
        timeline(page),
    )
}

/// A picture set into the page; else its addresses, of which the script takes the one that is right.
pub(super) fn picture(page: &Page<'_>, uri: &crate::location::S3Uri) -> String {
    if let Some(picture) = page.pictures.iter().find(|picture| picture.uri == *uri) {
        return format!(
            "<img src=\"data:image/jpeg;base64,{}\" alt=\"\" loading=\"lazy\">",
            escaped(&picture.base64)
        );
    }
    let [published, exported] = candidates(uri).map(|address| escaped(&address));
    format!("<img data-src=\"{published}\" data-other=\"{exported}\" alt=\"\" loading=\"lazy\">")
}

fn text(page: &Page<'_>) -> String {
    let brief = page.brief;
    [
        sections::summary(brief),
        sections::missing(brief),
        sections::moments(brief),
        sections::chapters(page),
        sections::quotes(brief),
        sections::people(brief),
        sections::names(brief),
        sections::on_screen(brief),
        closing::transcript(page),
        closing::files(brief),
    ]
    .concat()
}

/// Subtitles as data: `[[start, end, text], …]`; no text of the video can end the script element.
fn cues(page: &Page<'_>) -> String {
    let cues = page.transcript.map(subtitles::cues).unwrap_or_default();
    let cues: Vec<_> = cues
        .iter()
        .map(|cue| json!([cue.start_ms, cue.end_ms, cue_text(cue)]))
        .collect();
    let language = &page.brief.language.code;
    let document = json!({"language": language, "cues": cues}).to_string();
    document
        .replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026")
}

/// Text of a cue as `WebVTT` wants it: a cue's text is markup there too.
fn cue_text(cue: &subtitles::Cue) -> String {
    let one = Format::Vtt.write(std::slice::from_ref(cue));
    one.lines().skip(3).collect::<Vec<_>>().join("\n")
}
