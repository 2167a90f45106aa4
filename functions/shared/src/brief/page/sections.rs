//! The sections of the page.

use super::evidence::{evidence, moment, tongue};
use super::html::picture;
use super::timeline::speakers;
use super::{Page, escaped, percent};
use crate::brief::{BrandKind, Brief, PersonKind};

/// Times of a person, a topic or a thing that are linked.
const TIMES_SHOWN: usize = 5;

/// What the page is about, in short.
pub(super) fn summary(brief: &Brief) -> String {
    let language = &brief.language.code;
    format!(
        "<section class=\"summary\" id=\"summary\" aria-labelledby=\"summary-heading\">\n<h2 id=\"summary-heading\">Summary</h2>\n\
         <p {}>{}{}</p>\n{}</section>\n",
        tongue(language),
        escaped(&brief.summary.text),
        evidence(&brief.summary, language),
        topics(brief),
    )
}

fn topics(brief: &Brief) -> String {
    if brief.topics.is_empty() {
        return String::new();
    }
    let topic = |one: &crate::brief::Topic| {
        format!("<li dir=\"auto\">{}</li>", escaped(&one.path.join(" › ")))
    };
    format!(
        "<ul class=\"topics\" aria-label=\"Topics\">{}</ul>\n",
        brief.topics.iter().map(topic).collect::<Vec<_>>().concat()
    )
}

/// Analyses that failed; those that nobody asked for are told in the footer.
pub(super) fn missing(brief: &Brief) -> String {
    let is_failure =
        |reason: &str| !reason.starts_with("The profile") && !reason.starts_with("The video has");
    let missing = brief
        .quality
        .missing_analyses
        .iter()
        .filter(|one| is_failure(&one.reason));
    let items = missing.map(|one| {
        format!(
            "<li><b>{}</b>: {}</li>",
            escaped(&one.name),
            escaped(&one.reason)
        )
    });
    let items = items.collect::<Vec<_>>().concat();
    if items.is_empty() {
        items
    } else {
        format!(
            "<section class=\"missing\" aria-label=\"Missing\"><h2>Missing</h2><ul>{items}</ul></section>\n"
        )
    }
}

pub(super) fn moments(brief: &Brief) -> String {
    let language = &brief.language.code;
    let moments = brief.key_moments.iter().map(|one| {
        format!(
            "<li {}>{} {}{}</li>",
            tongue(language),
            moment(one.start_ms),
            escaped(&one.reason.text),
            evidence(&one.reason, language)
        )
    });
    section("moments", "Key moments", "ol", moments)
}

pub(super) fn chapters(page: &Page<'_>) -> String {
    let language = &page.brief.language.code;
    let chapters = page.brief.chapters.iter().map(|one| {
        let shown = one.keyframe_uri.as_ref().map(|uri| picture(page, uri)).unwrap_or_default();
        let topics: Vec<String> = one.topics.iter().map(|topic| escaped(topic)).collect();
        format!(
            "<li data-ms=\"{start}\" data-end=\"{end}\">\
             <a class=\"key\" href=\"#t={seconds}\" data-ms=\"{start}\" tabindex=\"-1\" aria-hidden=\"true\">{shown}</a>\
             <div {tongue}><h3>{time} {title}</h3><p>{summary}{evidence}</p>{topics}</div></li>",
            start = one.start_ms,
            end = one.end_ms,
            seconds = one.start_ms / 1000,
            tongue = tongue(language),
            time = moment(one.start_ms),
            title = escaped(&one.title),
            summary = escaped(&one.summary.text),
            evidence = evidence(&one.summary, language),
            topics = if topics.is_empty() { String::new() } else { format!("<p class=\"about\">{}</p>", topics.join(" · ")) },
        )
    });
    section("chapters", "Chapters", "ol", chapters)
}

pub(super) fn quotes(brief: &Brief) -> String {
    let tongue = tongue(&brief.language.code);
    let quotes = brief.quotes.iter().map(|one| {
        let speaker =
            speakers(brief).find(|(_, person)| Some(&person.id) == one.speaker_id.as_ref());
        let speaker = speaker
            .map(|(name, _)| format!(" <cite>{}</cite>", escaped(&name)))
            .unwrap_or_default();
        format!(
            "<li {tongue}>{} <q>{}</q>{speaker}</li>",
            moment(one.start_ms),
            escaped(&one.text)
        )
    });
    section("quotes", "Quotes", "ul", quotes)
}

pub(super) fn people(brief: &Brief) -> String {
    let speaking = speakers(brief).map(|(name, one)| {
        let share = one
            .share_of_talk
            .map(|share| format!(", {} of the talk", percent(share)));
        let how = format!("speaks{}", share.unwrap_or_default());
        named(&name, &how, &one.instances)
    });
    let others = brief
        .people
        .iter()
        .filter(|one| one.kind != PersonKind::Speaker)
        .map(|one| {
            let how = match one.kind {
                PersonKind::Face | PersonKind::Celebrity => "is seen",
                PersonKind::Speaker | PersonKind::Mentioned => "is mentioned",
            };
            named(
                one.display_name.as_deref().unwrap_or(&one.id),
                how,
                &one.instances,
            )
        });
    section("people", "People", "ul", speaking.chain(others))
}

/// Things that have names: spoken of, or seen.
pub(super) fn names(brief: &Brief) -> String {
    let entities = brief
        .entities
        .iter()
        .map(|one| named(&one.text, one.r#type.into(), &one.instances));
    let brands = brief.brands.iter().map(|one| {
        let how = match one.kind {
            BrandKind::Logo => "logo, seen",
            BrandKind::Spoken => "brand, mentioned",
        };
        named(&one.name, how, &one.instances)
    });
    section("names", "Names", "ul", entities.chain(brands))
}

/// What can be read in the picture.
pub(super) fn on_screen(brief: &Brief) -> String {
    let texts = brief.on_screen_text.iter().map(|one| {
        let times = one
            .instances
            .iter()
            .take(TIMES_SHOWN)
            .map(|place| moment(place.start_ms));
        format!(
            "<li><span dir=\"auto\">{}</span> {}</li>",
            escaped(&one.text),
            times.collect::<Vec<_>>().join(" ")
        )
    });
    section("screen", "Text on screen", "ul", texts)
}

fn named(name: &str, how: &str, instances: &[crate::labels::TimeRange]) -> String {
    let times = instances
        .iter()
        .take(TIMES_SHOWN)
        .map(|range| moment(range.start_ms));
    let more = instances.len().saturating_sub(TIMES_SHOWN);
    format!(
        "<li><b dir=\"auto\">{}</b> {how} {}{}</li>",
        escaped(name),
        times.collect::<Vec<_>>().join(" "),
        if more > 0 {
            format!(" and {more} more")
        } else {
            String::new()
        }
    )
}

/// A section with a list; nothing without items.
pub(super) fn section(
    name: &str,
    heading: &str,
    list: &str,
    items: impl Iterator<Item = String>,
) -> String {
    let items = items.collect::<Vec<_>>().concat();
    if items.is_empty() {
        return items;
    }
    format!(
        "<section class=\"{name}\" id=\"{name}\" aria-labelledby=\"{name}-heading\">\n<h2 id=\"{name}-heading\">{heading}</h2>\n\
         <{list} role=\"list\">{items}</{list}>\n</section>\n"
    )
}
