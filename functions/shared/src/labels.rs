//! What is seen: unique labels with the times at which they are seen (`labels.json`, `moderation.json`), merged from
//! Rekognition's detections.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

/// Detections of a label this near to each other are one sighting: Rekognition samples about twice a second.
const JOINED_GAP_MS: u64 = 1000;

/// Time at which something is seen or heard.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TimeRange {
    /// Start.
    pub start_ms: u64,
    /// End, never before the start.
    pub end_ms: u64,
    /// 0..1.
    pub confidence: f64,
}

/// One detection as the service reports it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Detection {
    /// Name of the label.
    pub name: String,
    /// Start.
    pub start_ms: u64,
    /// End.
    pub end_ms: u64,
    /// Percent, as the service gives it.
    pub confidence_percent: f64,
    /// Labels above it.
    #[serde(default)]
    pub parents: Vec<String>,
    /// Categories, of a label.
    #[serde(default)]
    pub categories: Vec<String>,
    /// Other names of the same thing, of a label.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// Level in the taxonomy, of a moderation label: 1 is the top.
    #[serde(default)]
    pub taxonomy_level: Option<i32>,
}

/// `labels.json`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Labels {
    /// Version of the model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model_version: Option<String>,
    /// Labels, the surest first.
    pub labels: Vec<Label>,
}

/// A label and where it is seen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Label {
    /// Name.
    pub name: String,
    /// Categories.
    pub categories: Vec<String>,
    /// Labels above it, all of them.
    pub parents: Vec<String>,
    /// Other names of the same thing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// Highest confidence of a detection, 0..1.
    pub confidence_max: f64,
    /// Mean confidence of the detections, 0..1.
    pub confidence_mean: f64,
    /// Where it is seen: sorted, apart.
    pub instances: Vec<TimeRange>,
}

/// `moderation.json`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Moderation {
    /// Version of the model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model_version: Option<String>,
    /// What was flagged, in the order of time.
    pub flags: Vec<Flag>,
}

/// Something that a moderation service objects to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Flag {
    /// Category.
    pub category: String,
    /// Category above it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// How sure, in three steps.
    pub severity: Severity,
    /// 0..1.
    pub confidence: f64,
    /// Who says so.
    pub source: FlagSource,
    /// Start.
    pub start_ms: u64,
    /// End.
    pub end_ms: u64,
}

/// How serious a flag is, from its confidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Below 0.7.
    Low,
    /// From 0.7.
    Medium,
    /// From 0.9.
    High,
}

impl Severity {
    /// Severity of a flag of this confidence.
    pub fn of(confidence: f64) -> Self {
        match confidence {
            high if high >= 0.9 => Self::High,
            medium if medium >= 0.7 => Self::Medium,
            _ => Self::Low,
        }
    }
}

/// Service that flagged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FlagSource {
    /// Rekognition content moderation.
    Rekognition,
    /// Bedrock Data Automation.
    Bda,
}

/// Unique labels of detections in any order.
pub fn unique(detections: &[Detection], model_version: Option<String>) -> Labels {
    let labels = grouped(detections)
        .into_iter()
        .map(|(name, group)| label(name, &group));
    let mut labels: Vec<Label> = labels.collect();
    labels.sort_by(|left, right| {
        right
            .confidence_max
            .total_cmp(&left.confidence_max)
            .then(left.name.cmp(&right.name))
    });
    Labels {
        model_version,
        labels,
    }
}

/// Flags of detections in any order.
pub fn flags(detections: &[Detection], model_version: Option<String>) -> Moderation {
    let mut flags = Vec::new();
    for (name, group) in grouped(detections) {
        let parent = group.iter().find_map(|one| one.parents.first()).cloned();
        for range in merged(group.iter().map(|one| range(one)).collect()) {
            flags.push(Flag {
                category: name.to_owned(),
                parent: parent.clone(),
                severity: Severity::of(range.confidence),
                confidence: range.confidence,
                source: FlagSource::Rekognition,
                start_ms: range.start_ms,
                end_ms: range.end_ms,
            });
        }
    }
    flags.sort_by(|left, right| {
        (left.start_ms, &left.category).cmp(&(right.start_ms, &right.category))
    });
    Moderation {
        model_version,
        flags,
    }
}

fn grouped(detections: &[Detection]) -> BTreeMap<&str, Vec<&Detection>> {
    let mut groups: BTreeMap<&str, Vec<&Detection>> = BTreeMap::new();
    for detection in detections {
        groups
            .entry(detection.name.as_str())
            .or_default()
            .push(detection);
    }
    groups
}

fn label(name: &str, group: &[&Detection]) -> Label {
    let instances = merged(group.iter().map(|one| range(one)).collect());
    #[expect(
        clippy::cast_precision_loss,
        reason = "detections are counted in thousands"
    )]
    let mean = group
        .iter()
        .map(|one| unit(one.confidence_percent))
        .sum::<f64>()
        / group.len().max(1) as f64;
    Label {
        name: name.to_owned(),
        categories: distinct(group.iter().flat_map(|one| &one.categories)),
        parents: distinct(group.iter().flat_map(|one| &one.parents)),
        aliases: distinct(group.iter().flat_map(|one| &one.aliases)),
        confidence_max: instances
            .iter()
            .map(|one| one.confidence)
            .fold(0.0, f64::max),
        confidence_mean: rounded(mean),
        instances,
    }
}

fn range(detection: &Detection) -> TimeRange {
    TimeRange {
        start_ms: detection.start_ms,
        end_ms: detection.end_ms.max(detection.start_ms),
        confidence: rounded(unit(detection.confidence_percent)),
    }
}

/// Percent as 0..1.
fn unit(percent: f64) -> f64 {
    if percent.is_finite() {
        (percent / 100.0).clamp(0.0, 1.0)
    } else {
        0.0
    }
}

/// A share with four decimals: enough, and readable in a document.
pub fn rounded(share: f64) -> f64 {
    (share * 10_000.0).round() / 10_000.0
}

/// Each name once; detections repeat them, so they are copied only when they are new.
fn distinct<'a>(names: impl Iterator<Item = &'a String>) -> Vec<String> {
    let names: BTreeSet<&String> = names.collect();
    names.into_iter().cloned().collect()
}

/// Ranges that overlap or nearly touch as one, with the highest confidence; sorted.
pub fn merged(mut ranges: Vec<TimeRange>) -> Vec<TimeRange> {
    ranges.sort_by_key(|range| (range.start_ms, range.end_ms));
    let mut merged: Vec<TimeRange> = Vec::new();
    for range in ranges {
        match merged.last_mut() {
            Some(last) if range.start_ms <= last.end_ms.saturating_add(JOINED_GAP_MS) => {
                last.end_ms = last.end_ms.max(range.end_ms);
                last.confidence = last.confidence.max(range.confidence);
            }
            _ => merged.push(range),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(name: &str, start_ms: u64, end_ms: u64, confidence_percent: f64) -> Detection {
        let (parents, categories) = (vec!["Drink".to_owned()], vec!["Food".to_owned()]);
        let aliases = vec!["Mug".to_owned()];
        Detection {
            name: name.into(),
            start_ms,
            end_ms,
            confidence_percent,
            parents,
            categories,
            aliases,
            taxonomy_level: None,
        }
    }

    fn check(ranges: &[(u64, u64)], expected: &[(u64, u64)]) {
        let ranges = ranges
            .iter()
            .map(|&(start_ms, end_ms)| TimeRange {
                start_ms,
                end_ms,
                confidence: 0.5,
            })
            .collect();
        let merged: Vec<_> = merged(ranges)
            .iter()
            .map(|range| (range.start_ms, range.end_ms))
            .collect();
        assert_eq!(merged, expected);
    }

    #[test]
    fn merges_what_overlaps_touches_or_is_near() {
        check(&[], &[]);
        check(
            &[(5000, 6000), (0, 2000), (1000, 3000)],
            &[(0, 3000), (5000, 6000)],
        );
        check(&[(0, 9000), (1000, 2000)], &[(0, 9000)]);
        check(&[(0, 1000), (2000, 3000)], &[(0, 3000)]);
        check(&[(0, 1000), (2001, 3000)], &[(0, 1000), (2001, 3000)]);
        check(&[(7, u64::MAX), (8, 9)], &[(7, u64::MAX)]);
    }

    #[test]
    fn labels_are_unique_and_the_surest_comes_first() {
        let detections = [
            seen("Cup", 0, 500, 60.0),
            seen("Cat", 0, 500, 99.0),
            seen("Cup", 500, 1000, 80.0),
        ];
        let labels = unique(&detections, Some("3.0".into())).labels;
        let names: Vec<_> = labels.iter().map(|label| label.name.as_str()).collect();
        assert_eq!(names, ["Cat", "Cup"]);
        let cup = labels.get(1).cloned();
        assert_eq!(
            cup,
            Some(Label {
                name: "Cup".into(),
                categories: vec!["Food".into()],
                parents: vec!["Drink".into()],
                aliases: vec!["Mug".into()],
                confidence_max: 0.8,
                confidence_mean: 0.7,
                instances: vec![TimeRange {
                    start_ms: 0,
                    end_ms: 1000,
                    confidence: 0.8
                }],
            })
        );
    }

    #[test]
    fn confidence_stays_within_bounds() {
        for percent in [f64::NAN, f64::INFINITY, -5.0, 150.0] {
            let label = unique(&[seen("x", 5, 1, percent)], None).labels.remove(0);
            assert!(
                (0.0..=1.0).contains(&label.confidence_max)
                    && (0.0..=1.0).contains(&label.confidence_mean)
            );
            assert_eq!(
                label
                    .instances
                    .first()
                    .map(|one| (one.start_ms, one.end_ms)),
                Some((5, 5))
            );
        }
    }

    #[test]
    fn severity_follows_confidence() {
        let severities: Vec<_> = [0.69, 0.7, 0.89, 0.9].map(Severity::of).to_vec();
        assert_eq!(
            severities,
            [
                Severity::Low,
                Severity::Medium,
                Severity::Medium,
                Severity::High
            ]
        );
        let flags = flags(
            &[
                seen("Alcohol", 3000, 4000, 95.0),
                seen("Smoking", 0, 10, 50.0),
            ],
            None,
        )
        .flags;
        let found: Vec<_> = flags
            .iter()
            .map(|flag| (flag.category.as_str(), flag.severity))
            .collect();
        assert_eq!(
            found,
            [("Smoking", Severity::Low), ("Alcohol", Severity::High)]
        );
    }
}
