//! Data Automation's documents: `job_metadata.json` and the standard output of a video. They hold much that we do not
//! read, and members that are there only when the project asks for them.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;

use super::{
    Chapter, Error, Found, Logo, Meaning, OnScreenText, PictureBox, Shot, TextInstance, Topic, flag,
};
use crate::labels::{TimeRange, rounded};
use crate::location::S3Uri;

mod documents;

use documents::{Frame, JobMetadata, Output, Span};

/// Time for which a frame stands: Data Automation looks at a frame a second.
const FRAME_MS: u64 = 1000;
/// Moderation below this confidence is noise: the service reports every category of every frame.
const FLAG_CONFIDENCE: f64 = 0.5;
/// Texts kept, the surest first: a screen recording shows thousands.
const TEXTS_LIMIT: usize = 200;

/// Locations of the standard outputs that a `job_metadata.json` names.
///
/// # Errors
/// [`Error::Malformed`]; also when it names none.
pub fn standard_outputs(bytes: &[u8]) -> Result<Vec<S3Uri>, Error> {
    let metadata: JobMetadata = read(bytes)?;
    let segments = metadata
        .output_metadata
        .into_iter()
        .flat_map(|asset| asset.segment_metadata);
    let outputs: Vec<S3Uri> = segments
        .filter_map(|segment| segment.standard_output_path)
        .collect();
    if outputs.is_empty() {
        Err(Error::Malformed("no standard_output_path".to_owned()))
    } else {
        Ok(outputs)
    }
}

/// Reads the standard output of a video.
///
/// # Errors
/// [`Error::Malformed`].
pub fn parse(bytes: &[u8]) -> Result<Meaning, Error> {
    let output: Output = read(bytes)?;
    let shots = sorted(output.shots);
    let chapters = sorted(output.chapters);
    let mut frames: Vec<&Frame> = output.frames.iter().collect();
    frames.extend(chapters.iter().flat_map(|chapter| &chapter.frames));
    Ok(Meaning {
        summary: output.video.summary.and_then(stated),
        topics: topics(&chapters),
        on_screen_text: texts(&frames),
        logos: logos(&frames),
        flags: flags(&frames),
        shots: (1..)
            .zip(&shots)
            .map(|(n, shot)| numbered_shot(n, shot))
            .collect(),
        chapters: (1..)
            .zip(chapters)
            .map(|(n, chapter)| numbered_chapter(n, chapter))
            .collect(),
    })
}

fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Error> {
    serde_json::from_slice(bytes).map_err(|error| Error::Malformed(error.to_string()))
}

/// A text, unless it is blank.
fn stated(text: String) -> Option<String> {
    (!text.trim().is_empty()).then_some(text)
}

/// In the order of time, without what has no length.
fn sorted(mut spans: Vec<Span>) -> Vec<Span> {
    spans.retain(|span| span.start_timestamp_millis < span.end_timestamp_millis);
    spans.sort_by_key(|span| (span.start_timestamp_millis, span.end_timestamp_millis));
    spans
}

fn numbered_shot(number: usize, shot: &Span) -> Shot {
    Shot {
        id: format!("h{number}"),
        start_ms: shot.start_timestamp_millis,
        end_ms: shot.end_timestamp_millis,
    }
}

fn numbered_chapter(number: usize, chapter: Span) -> Chapter {
    Chapter {
        id: format!("c{number}"),
        start_ms: chapter.start_timestamp_millis,
        end_ms: chapter.end_timestamp_millis,
        summary: chapter.summary.and_then(stated),
    }
}

/// A confidence as 0..1.
fn unit(confidence: f64) -> f64 {
    if confidence.is_finite() {
        rounded(confidence.clamp(0.0, 1.0))
    } else {
        0.0
    }
}

fn highest(ranges: &[TimeRange]) -> f64 {
    ranges
        .iter()
        .map(|range| range.confidence)
        .fold(0.0, f64::max)
}

fn topics(chapters: &[Span]) -> Vec<Topic> {
    let mut found = Found::default();
    let mut parents = BTreeMap::new();
    for chapter in chapters {
        for one in chapter.iab_categories.iter().chain(&chapter.iab.categories) {
            let (start_ms, end_ms) = (chapter.start_timestamp_millis, chapter.end_timestamp_millis);
            found.add(
                &one.category,
                TimeRange {
                    start_ms,
                    end_ms,
                    confidence: unit(one.confidence),
                },
            );
            let parent = one
                .parent_name
                .clone()
                .and_then(stated)
                .filter(|parent| *parent != one.category);
            parents.insert(one.category.trim().to_owned(), parent);
        }
    }
    let topic = |(name, instances): (String, Vec<TimeRange>)| {
        let parent = parents.get(&name).cloned().flatten();
        let path = parent.into_iter().chain([name.clone()]).collect();
        Topic {
            confidence: highest(&instances),
            name,
            path,
            instances,
        }
    };
    found.merged().map(topic).collect()
}

fn at(frame: &Frame, confidence: f64) -> TimeRange {
    let start_ms = frame.timestamp_millis;
    TimeRange {
        start_ms,
        end_ms: start_ms.saturating_add(FRAME_MS),
        confidence: unit(confidence),
    }
}

fn texts(frames: &[&Frame]) -> Vec<OnScreenText> {
    let mut texts: BTreeMap<&str, OnScreenText> = BTreeMap::new();
    for (frame, line) in frames
        .iter()
        .flat_map(|frame| frame.text_lines.iter().map(move |line| (frame, line)))
    {
        let range = at(frame, line.confidence);
        let text = line.text.trim();
        if text.is_empty() {
            continue;
        }
        let entry = texts.entry(text).or_insert_with(|| OnScreenText {
            text: text.to_owned(),
            confidence: 0.0,
            instances: Vec::new(),
        });
        entry.confidence = entry.confidence.max(range.confidence);
        match entry.instances.last_mut() {
            Some(last) if (last.start_ms..=last.end_ms).contains(&range.start_ms) => {
                last.end_ms = range.end_ms;
            }
            _ => {
                let place = line
                    .locations
                    .iter()
                    .find_map(|location| location.bounding_box);
                let (start_ms, end_ms) = (range.start_ms, range.end_ms);
                entry.instances.push(TextInstance {
                    start_ms,
                    end_ms,
                    r#box: place.map(within),
                });
            }
        }
    }
    let mut texts: Vec<OnScreenText> = texts.into_values().collect();
    texts.sort_by(|left, right| right.confidence.total_cmp(&left.confidence));
    texts.truncate(TEXTS_LIMIT);
    texts
}

/// The box with all its figures between 0 and 1.
fn within(place: PictureBox) -> PictureBox {
    let [left, top, width, height] = [place.left, place.top, place.width, place.height].map(unit);
    PictureBox {
        left,
        top,
        width,
        height,
    }
}

fn logos(frames: &[&Frame]) -> Vec<Logo> {
    let mut found = Found::default();
    for frame in frames {
        frame
            .logos
            .iter()
            .for_each(|logo| found.add(&logo.name, at(frame, logo.confidence)));
    }
    found
        .merged()
        .map(|(name, instances)| Logo { name, instances })
        .collect()
}

fn flags(frames: &[&Frame]) -> Vec<crate::labels::Flag> {
    let mut found = Found::default();
    for frame in frames {
        for one in &frame.content_moderation {
            let own = one
                .category
                .iter()
                .map(|category| (category, one.confidence));
            let listed = one
                .moderation_categories
                .iter()
                .map(|listed| (&listed.category, listed.confidence));
            for (category, confidence) in own
                .chain(listed)
                .filter(|(_, confidence)| *confidence >= FLAG_CONFIDENCE)
            {
                found.add(category, at(frame, confidence));
            }
        }
    }
    let flags = found
        .merged()
        .flat_map(|(name, ranges)| ranges.into_iter().map(move |range| flag(&name, range)));
    let mut flags: Vec<_> = flags.collect();
    flags.sort_by_key(|flag| flag.start_ms);
    flags
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::labels::Severity;

    fn read_output(output: &Value) -> Meaning {
        parse(output.to_string().as_bytes()).unwrap_or_else(|error| unreachable!("{error}"))
    }

    #[test]
    fn reads_the_documented_shape() {
        let meaning = read_output(&json!({
            "metadata": {"asset_id": "0"}, "statistics": {"shot_count": 2},
            "video": {"summary": "A cup, then a cat.", "transcript": {"representation": {"text": ""}}},
            "shots": [{"shot_index": 1, "start_timestamp_millis": 5000, "end_timestamp_millis": 9000},
                      {"shot_index": 0, "start_timestamp_millis": 0, "end_timestamp_millis": 5000}],
            "chapters": [{"start_timestamp_millis": 0, "end_timestamp_millis": 9000, "shot_indices": [0, 1],
                "summary": " ", "iab_categories": [
                    {"category": "Cats", "confidence": 0.9, "taxonomy_level": 2, "parent_name": "Pets"}]}],
            "frames": [
                {"timestamp_millis": 0, "text_lines": [{"text": "<Café>", "confidence": 0.8,
                    "locations": [{"bounding_box": {"left": -0.1, "top": 0.5, "width": 0.2, "height": 2.0}}]}],
                 "content_moderation": [{"confidence": 0.2, "moderation_categories": [
                    {"category": "Alcohol", "confidence": 0.95}, {"category": "Violence", "confidence": 0.1}]}]},
                {"timestamp_millis": 1000, "text_lines": [{"text": "<Café>", "confidence": 0.9}],
                 "logos": [{"name": "Acme", "confidence": 0.7}]}]
        }));
        let shots: Vec<_> = meaning
            .shots
            .iter()
            .map(|shot| (shot.id.as_str(), shot.start_ms, shot.end_ms))
            .collect();
        assert_eq!(shots, [("h1", 0, 5000), ("h2", 5000, 9000)]);
        assert_eq!(
            meaning
                .chapters
                .first()
                .map(|one| (one.id.as_str(), one.summary.clone())),
            Some(("c1", None))
        );
        assert_eq!(
            meaning.topics.first().map(|one| one.path.join(" > ")),
            Some("Pets > Cats".into())
        );
        let text = meaning.on_screen_text.first().cloned();
        assert_eq!(
            text.map(|one| (one.text, one.confidence, one.instances)),
            Some((
                "<Café>".into(),
                0.9,
                vec![TextInstance {
                    start_ms: 0,
                    end_ms: 2000,
                    r#box: Some(PictureBox {
                        left: 0.0,
                        top: 0.5,
                        width: 0.2,
                        height: 1.0
                    }),
                }],
            ))
        );
        assert_eq!(meaning.logos.len(), 1);
        let flags: Vec<_> = meaning
            .flags
            .iter()
            .map(|flag| (flag.category.as_str(), flag.severity))
            .collect();
        assert_eq!(flags, [("Alcohol", Severity::High)]);
    }

    #[test]
    fn an_empty_output_has_no_meaning() {
        assert_eq!(read_output(&json!({})), Meaning::default());
        let without_length =
            json!({"shots": [{"start_timestamp_millis": 5, "end_timestamp_millis": 5}]});
        assert_eq!(read_output(&without_length), Meaning::default());
    }

    fn check_outputs(text: &str, expected: Option<&[&str]>) {
        let outputs = standard_outputs(text.as_bytes()).ok();
        let outputs = outputs.map(|uris| uris.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(
            outputs,
            expected.map(|uris| uris.iter().map(ToString::to_string).collect()),
            "{text}"
        );
    }

    #[test]
    fn follows_job_metadata() {
        check_outputs(
            r#"{"job_status": "PROCESSED", "output_metadata": [{"asset_id": 0, "segment_metadata":
                [{"standard_output_path": "s3://b/x/0/standard_output/0/result.json"}]}]}"#,
            Some(&["s3://b/x/0/standard_output/0/result.json"]),
        );
        check_outputs(r#"{"output_metadata": []}"#, None);
        check_outputs(r#"{"output_metadata": [{"segment_metadata": [{}]}]}"#, None);
        check_outputs(
            r#"{"output_metadata": [{"segment_metadata": [{"standard_output_path": "/x"}]}]}"#,
            None,
        );
        check_outputs("not json", None);
    }
}
