//! Label results: the compact record of a job, and Rekognition's list made of it.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::page::{Aggregation, Order};
use crate::labels::{Detection, classes::Name};

/// The record: video metadata, each label once, and where each was seen (time, name, confidence in percent).
pub fn record(detection: &Detection, confidence_min: f64) -> Value {
    let (mut labels, mut seen) = (Map::new(), Vec::new());
    let metadata = video_metadata(&detection.probe);
    for frame in &detection.frames {
        for label in &frame.labels {
            let confidence = (f64::from(label.confidence) * 100.0).min(100.0);
            if confidence >= confidence_min {
                labels
                    .entry(label.name.name.clone())
                    .or_insert_with(|| described(&label.name));
                seen.push(json!([
                    frame.at_ms,
                    label.name.name,
                    (confidence * 1000.0).round() / 1000.0
                ]));
            }
        }
    }
    json!({"videoMetadata": metadata, "intervalMs": detection.interval_ms, "labels": labels, "seen": seen})
}

fn described(name: &Name) -> Value {
    let named = |name: &str| json!({"Name": name});
    json!({
        "Name": name.name,
        "Instances": [],
        "Parents": name.parents.iter().map(|parent| named(parent)).collect::<Vec<_>>(),
        "Aliases": name.aliases.iter().map(|alias| named(alias)).collect::<Vec<_>>(),
        "Categories": [named(name.category)],
    })
}

/// `VideoMetadata` of ffprobe's answer.
pub fn video_metadata(probe: &Value) -> Value {
    let streams = probe.get("streams").and_then(Value::as_array);
    let is_video = |stream: &&Value| stream.get("codec_type").is_some_and(|kind| kind == "video");
    let video = streams
        .into_iter()
        .flatten()
        .find(is_video)
        .cloned()
        .unwrap_or_default();
    let text = |path: &str| video.pointer(path).and_then(Value::as_str);
    let duration = text("/duration").or_else(|| probe.pointer("/format/duration")?.as_str());
    let rate = text("/avg_frame_rate").and_then(|rate| {
        let (above, below) = rate.split_once('/')?;
        Some(above.parse::<f64>().ok()? / below.parse::<f64>().ok().filter(|below| *below > 0.0)?)
    });
    #[expect(clippy::cast_possible_truncation, reason = "milliseconds of a video")]
    let duration_ms = duration
        .and_then(|seconds| seconds.parse::<f64>().ok())
        .map(|s| (s * 1000.0).round() as i64);
    let mut metadata = json!({
        "Codec": text("/codec_name"),
        "DurationMillis": duration_ms,
        "Format": probe.pointer("/format/format_long_name"),
        "FrameRate": rate,
        "FrameHeight": video.get("height"),
        "FrameWidth": video.get("width"),
        "ColorRange": text("/color_range").map(|range| if range == "pc" { "FULL" } else { "LIMITED" }),
    });
    if let Some(members) = metadata.as_object_mut() {
        members.retain(|_, value| !value.is_null());
    }
    metadata
}

/// A time at which, or from which to which, a label is seen.
struct Sighting<'a> {
    name: &'a str,
    start_ms: u64,
    end_ms: u64,
    confidence: f64,
}

/// Elements of `Labels`.
pub fn detections(record: &Value, aggregation: Aggregation, order: Order) -> Vec<Value> {
    let seen = record
        .get("seen")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(sighting);
    let interval_ms = record
        .get("intervalMs")
        .and_then(Value::as_u64)
        .unwrap_or_default();
    let duration_ms = record
        .pointer("/videoMetadata/DurationMillis")
        .and_then(Value::as_u64)
        .unwrap_or(u64::MAX);
    let mut sightings: Vec<Sighting> = match aggregation {
        Aggregation::Timestamps => seen.collect(),
        Aggregation::Segments => joined(seen, interval_ms, duration_ms),
    };
    sightings.sort_by(|a, b| match order {
        Order::Timestamp => (a.start_ms, a.name).cmp(&(b.start_ms, b.name)),
        Order::Name => (a.name, a.start_ms).cmp(&(b.name, b.start_ms)),
    });
    sightings
        .iter()
        .filter_map(|sighting| element(record, sighting, aggregation))
        .collect()
}

fn sighting(seen: &Value) -> Option<Sighting<'_>> {
    let start_ms = seen.get(0)?.as_u64()?;
    Some(Sighting {
        name: seen.get(1)?.as_str()?,
        start_ms,
        end_ms: start_ms,
        confidence: seen.get(2)?.as_f64()?,
    })
}

/// Runs of neighbouring frames with the same label; a run lasts until the next frame, its confidence is the highest.
fn joined<'a>(
    seen: impl Iterator<Item = Sighting<'a>>,
    interval_ms: u64,
    duration_ms: u64,
) -> Vec<Sighting<'a>> {
    let mut runs: BTreeMap<&str, Vec<Sighting>> = BTreeMap::new();
    for sighting in seen {
        let end_ms = (sighting.start_ms + interval_ms)
            .min(duration_ms)
            .max(sighting.start_ms);
        let runs = runs.entry(sighting.name).or_default();
        match runs
            .last_mut()
            .filter(|last| last.end_ms >= sighting.start_ms)
        {
            Some(last) => {
                last.end_ms = end_ms;
                last.confidence = last.confidence.max(sighting.confidence);
            }
            None => runs.push(Sighting { end_ms, ..sighting }),
        }
    }
    runs.into_values().flatten().collect()
}

fn element(record: &Value, sighting: &Sighting<'_>, aggregation: Aggregation) -> Option<Value> {
    let mut label = record.get("labels")?.get(sighting.name)?.clone();
    label["Confidence"] = json!(sighting.confidence);
    Some(match aggregation {
        Aggregation::Timestamps => json!({"Timestamp": sighting.start_ms, "Label": label}),
        Aggregation::Segments => json!({
            "StartTimestampMillis": sighting.start_ms,
            "EndTimestampMillis": sighting.end_ms,
            "DurationMillis": sighting.end_ms - sighting.start_ms,
            "Label": label,
        }),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(aggregation: Aggregation, order: Order, expected: &[(&str, u64, u64)]) {
        let seen = json!([
            [0, "Cat", 60.0],
            [500, "Cat", 90.0],
            [500, "Animal", 91.0],
            [2000, "Cat", 70.0]
        ]);
        let labels = json!({"Cat": {"Name": "Cat"}, "Animal": {"Name": "Animal"}});
        let metadata = json!({"DurationMillis": 2300});
        let record =
            json!({"videoMetadata": metadata, "intervalMs": 500, "labels": labels, "seen": seen});
        let elements = detections(&record, aggregation, order);
        let time = |element: &Value, name: &str| {
            element
                .get(name)
                .and_then(Value::as_u64)
                .unwrap_or_default()
        };
        let rows = elements.iter().map(|element| {
            let name = element
                .pointer("/Label/Name")
                .and_then(Value::as_str)
                .unwrap_or_default();
            let start = time(element, "Timestamp") + time(element, "StartTimestampMillis");
            (name, start, time(element, "EndTimestampMillis"))
        });
        assert_eq!(rows.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn sorts_and_aggregates() {
        use {Aggregation::*, Order::*};
        check(
            Timestamps,
            Timestamp,
            &[
                ("Cat", 0, 0),
                ("Animal", 500, 0),
                ("Cat", 500, 0),
                ("Cat", 2000, 0),
            ],
        );
        check(
            Timestamps,
            Name,
            &[
                ("Animal", 500, 0),
                ("Cat", 0, 0),
                ("Cat", 500, 0),
                ("Cat", 2000, 0),
            ],
        );
        check(
            Segments,
            Timestamp,
            &[("Cat", 0, 1000), ("Animal", 500, 1000), ("Cat", 2000, 2300)],
        );
        check(
            Segments,
            Name,
            &[("Animal", 500, 1000), ("Cat", 0, 1000), ("Cat", 2000, 2300)],
        );
    }

    #[test]
    fn metadata_is_rekognitions() {
        let probe = json!({
            "streams": [{"codec_type": "audio"}, {"codec_type": "video", "codec_name": "h264", "width": 4, "height": 2,
                         "avg_frame_rate": "30000/1001", "color_range": "tv"}],
            "format": {"duration": "1.5", "format_long_name": "QuickTime / MOV"},
        });
        let expected = json!({"Codec": "h264", "DurationMillis": 1500, "Format": "QuickTime / MOV",
            "FrameRate": 30000.0 / 1001.0, "FrameHeight": 2, "FrameWidth": 4, "ColorRange": "LIMITED"});
        assert_eq!(video_metadata(&probe), expected);
    }
}
