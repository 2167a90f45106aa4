//! The timeline below the video: a row of bars for the chapters, the key moments, every speaker and the surest labels. It
//! is SVG, whose places are attributes: the page's policy forbids styles in attributes.

use super::{Page, clock, escaped, percent, telling};
use crate::brief::{Brief, Person, PersonKind};
use crate::labels::{Label, TimeRange};

/// Labels with a row, the surest first.
const LABELS_SHOWN: usize = 10;
/// Speakers with a row, those who talk most.
const SPEAKERS_SHOWN: usize = 6;
/// Sightings below it have no bar (the brief has them all).
const SHOWN_CONFIDENCE: f64 = 0.3;
/// Bars of a row: nearer ones are one bar.
const BARS: u64 = 150;
/// Width of the narrowest bar, in percent: less cannot be hit.
const NARROWEST: f64 = 0.6;

struct Bar {
    start_ms: u64,
    end_ms: u64,
    title: String,
    opacity: f64,
}

/// The timeline; nothing for a video without chapters.
pub(super) fn timeline(page: &Page<'_>) -> String {
    let brief = page.brief;
    let chapters = brief.chapters.iter().map(|one| Bar {
        start_ms: one.start_ms,
        end_ms: one.end_ms,
        title: one.title.clone(),
        opacity: 1.0,
    });
    let moments = brief.key_moments.iter().map(|one| Bar {
        start_ms: one.start_ms,
        end_ms: one.end_ms,
        title: one.reason.text.clone(),
        opacity: 1.0,
    });
    let mut rows = vec![
        row(brief, "chapter", "Chapters", &chapters.collect::<Vec<_>>()),
        row(brief, "moment", "Moments", &moments.collect::<Vec<_>>()),
    ];
    let mut speakers: Vec<(String, &Person)> = speakers(brief).collect();
    speakers.sort_by_key(|(_, one)| std::cmp::Reverse(one.speaking_ms));
    // One speaker's row would only show where somebody speaks.
    let speakers = speakers.iter().take(if speakers.len() > 1 {
        SPEAKERS_SHOWN
    } else {
        0
    });
    rows.extend(
        speakers.map(|(name, one)| row(brief, "voice", name, &bars(brief, name, &one.instances))),
    );
    let labels = telling(brief).filter(|label| label.confidence_max >= SHOWN_CONFIDENCE);
    rows.extend(labels.take(LABELS_SHOWN).map(|label: &Label| {
        row(
            brief,
            "label",
            &label.name,
            &bars(brief, &label.name, &label.instances),
        )
    }));
    let stills = page.stills.filter(|stills| stills.count > 0).map(|stills| {
        let [published, exported] = super::candidates(&stills.prefix).map(|address| escaped(&address));
        format!(
            " data-src=\"{published}\" data-other=\"{exported}\" data-first=\"{}\" data-count=\"{}\"",
            stills.first, stills.count
        )
    });
    format!(
        "<section class=\"timeline\" id=\"timeline\" aria-label=\"Timeline\" dir=\"ltr\" data-duration=\"{}\"{}>\n\
         <ul>{}</ul><div class=\"head\" hidden></div><div class=\"peek\" hidden><img alt=\"\"><span></span></div></section>\n",
        brief.source.duration_ms,
        stills.unwrap_or_default(),
        rows.concat(),
    )
}

/// Speakers with what the page calls them.
pub(super) fn speakers(brief: &Brief) -> impl Iterator<Item = (String, &Person)> {
    let speakers = brief
        .people
        .iter()
        .filter(|one| one.kind == PersonKind::Speaker);
    (1..).zip(speakers).map(|(number, one): (usize, &Person)| {
        let name = one
            .display_name
            .clone()
            .unwrap_or_else(|| format!("Speaker {number}"));
        (name, one)
    })
}

/// Bars of time ranges; those that would touch on the screen are one.
fn bars(brief: &Brief, name: &str, ranges: &[TimeRange]) -> Vec<Bar> {
    let gap_ms = brief.source.duration_ms / BARS;
    let mut joined: Vec<TimeRange> = Vec::new();
    for range in ranges
        .iter()
        .filter(|one| one.confidence >= SHOWN_CONFIDENCE)
    {
        match joined.last_mut() {
            Some(last) if range.start_ms <= last.end_ms.saturating_add(gap_ms) => {
                last.end_ms = last.end_ms.max(range.end_ms);
                last.confidence = last.confidence.max(range.confidence);
            }
            _ => joined.push(*range),
        }
    }
    let bar = |one: TimeRange| Bar {
        start_ms: one.start_ms,
        end_ms: one.end_ms,
        title: format!("{name}, {}", percent(one.confidence)),
        opacity: 0.45 + 0.55 * one.confidence,
    };
    joined.into_iter().map(bar).collect()
}

fn row(brief: &Brief, kind: &str, name: &str, bars: &[Bar]) -> String {
    if bars.is_empty() {
        return String::new();
    }
    let drawn: Vec<String> = bars
        .iter()
        .enumerate()
        .map(|(number, bar)| drawn(brief, bar, number == 0))
        .collect();
    format!(
        "<li class=\"{kind}\"><span class=\"name\" dir=\"auto\">{0}</span><svg role=\"group\" aria-label=\"{0}\">{1}</svg></li>",
        escaped(name),
        drawn.concat()
    )
}

/// Only the first bar of a row is a stop of the tab key; arrows go to the others.
fn drawn(brief: &Brief, bar: &Bar, is_stop: bool) -> String {
    let share = |ms: u64| {
        #[expect(clippy::cast_precision_loss, reason = "times are far below 2^52")]
        let share = ms as f64 / brief.source.duration_ms.max(1) as f64;
        (share * 100.0).min(100.0)
    };
    let width = share(bar.end_ms.saturating_sub(bar.start_ms)).max(NARROWEST);
    let left = share(bar.start_ms).min(100.0 - width).max(0.0);
    let title = format!(
        "{}–{} {}",
        clock(bar.start_ms),
        clock(bar.end_ms),
        bar.title
    );
    format!(
        "<a href=\"#t={seconds}\" data-ms=\"{start}\" data-end=\"{end}\" tabindex=\"{stop}\" aria-label=\"{title}\">\
         <rect x=\"{left:.3}%\" width=\"{width:.3}%\" height=\"100%\" opacity=\"{opacity:.2}\"/></a>",
        seconds = bar.start_ms / 1000,
        start = bar.start_ms,
        end = bar.end_ms,
        stop = if is_stop { "0" } else { "-1" },
        title = escaped(&title),
        opacity = bar.opacity,
    )
}
