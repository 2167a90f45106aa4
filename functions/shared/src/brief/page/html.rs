//! The page as a whole.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::{Page, beside, candidates, clock, escaped, played};
use super::{closing, sections};
use crate::subtitles::{self, Format};

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// The page of a brief.
pub fn html(page: &Page<'_>) -> String {
    let brief = page.brief;
    let language = if brief.language.code == "und" {
        "en"
    } else {
        &brief.language.code
    };
    let policy = format!(
        "default-src 'none'; img-src 'self' data: file:; media-src 'self' file:; style-src 'unsafe-inline'; \
         script-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
        STANDARD.encode(Sha256::digest(SCRIPT))
    );
    format!(
        "<!doctype html>\n<html lang=\"{language}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"referrer\" content=\"no-referrer\">\n\
         <meta name=\"description\" content=\"{description}\">\n<title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n\
         <body>\n<a class=\"skip\" href=\"#chapters\">Skip to the chapters</a>\n{header}<main>\n{player}<div class=\"text\">\n{text}</div>\n</main>\n{footer}\
         <script type=\"application/json\" id=\"cues\">{cues}</script>\n<script>{SCRIPT}</script>\n</body>\n</html>\n",
        language = escaped(language),
        description = escaped(&brief.abstract_short),
        title = escaped(&brief.title.text),
        header = header(page),
        player = player(page),
        text = text(page),
        footer = closing::footer(brief),
        cues = cues(page),
    )
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
        "<header>\n<p class=\"meta\">{} · {} · {}×{} · {}</p>\n<h1>{}{}</h1>\n</header>\n",
        escaped(file),
        clock(brief.source.duration_ms),
        brief.source.width,
        brief.source.height,
        escaped(spoken),
        escaped(&brief.title.text),
        sections::evidence(&brief.title),
    )
}

fn player(page: &Page<'_>) -> String {
    let brief = page.brief;
    let sources = played(brief)
        .map(|one| candidates(&one.uri))
        .into_iter()
        .flatten();
    let sources =
        sources.map(|address| format!("<source src=\"{}\" type=\"video/mp4\">", escaped(&address)));
    let sources = sources.collect::<Vec<_>>().concat();
    let size = played(brief)
        .and_then(|one| one.width.zip(one.height))
        .unwrap_or((brief.source.width, brief.source.height));
    format!(
        "<section class=\"watch\" aria-label=\"Video\">\n\
         <div class=\"frame\" style=\"aspect-ratio:{width}/{height};--ratio:{ratio:.4}\">\
         <video id=\"video\" controls playsinline preload=\"metadata\">{sources}</video>\
         <div class=\"poster\" hidden><p>The video file is not beside this page.</p></div></div>\n\
         {strip}{labels}</section>\n",
        width = size.0,
        height = size.1,
        ratio = f64::from(size.0.max(1)) / f64::from(size.1.max(1)),
        strip = sections::strip(brief),
        labels = sections::labels(brief),
    )
}

/// A picture set into the page, else linked.
pub(super) fn picture(page: &Page<'_>, uri: &crate::location::S3Uri) -> String {
    if let Some(picture) = page.pictures.iter().find(|picture| picture.uri == *uri) {
        return format!(
            "<img src=\"data:image/jpeg;base64,{}\" alt=\"\">",
            escaped(&picture.base64)
        );
    }
    let [published, exported] = candidates(uri).map(|address| escaped(&address));
    format!("<img src=\"{published}\" data-other=\"{exported}\" alt=\"\" loading=\"lazy\">")
}

fn text(page: &Page<'_>) -> String {
    let brief = page.brief;
    let summary = format!(
        "<section class=\"summary\" aria-labelledby=\"summary-heading\">\n<h2 id=\"summary-heading\">Summary</h2>\n\
         <p>{}{}</p>\n{}</section>\n",
        escaped(&brief.summary.text),
        sections::evidence(&brief.summary),
        sections::topics(brief),
    );
    [
        summary,
        sections::missing(brief),
        sections::moments(brief),
        sections::chapters(page),
        sections::quotes(brief),
        sections::people(brief),
        closing::transcript(page),
        closing::files(brief, beside),
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
