//! The dated price table (`prices.json`) and the cost of a video by it, predicted or actual.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use crate::plan::{Analyses, Rung, proxy_rung};
use crate::profiles::Streaming;

/// What a bill counts.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    strum::Display,
    strum::EnumIter,
)]
#[serde(rename_all = "camelCase")]
#[strum(serialize_all = "camelCase")]
pub enum Charge {
    /// One call of Probe.
    Probe,
    /// A minute of AVC output of less than 720 lines.
    TranscodeSd,
    /// A minute of AVC output of 720 to 1080 lines.
    TranscodeHd,
    /// A minute of AVC output of more than 1080 lines.
    TranscodeUhd,
    /// A minute of sound whose loudness is normalised.
    Loudness,
    /// A minute of audio-only output.
    TranscodeAudio,
    /// A minute of label detection.
    Labels,
    /// A minute of content moderation.
    Moderation,
    /// A second of transcription.
    Transcription,
    /// A minute of Data Automation's standard video output.
    Meaning,
    /// A thousand input tokens of the model that writes.
    ModelInput,
    /// A thousand output tokens of the model that writes.
    ModelOutput,
    /// A state transition.
    Transition,
    /// A GB-second of functions.
    Compute,
}

/// A price.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Price {
    /// Service, as its bill names it.
    pub service: String,
    /// What is counted.
    pub unit: String,
    /// US dollars a unit.
    pub usd: f64,
    /// Day of the figure.
    pub as_of: String,
    /// Where the figure stands.
    pub source: String,
}

/// A counted item of a bill.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Usage {
    /// What.
    pub charge: Charge,
    /// How much, in the charge's unit.
    pub quantity: f64,
}

/// A line of a bill.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Line {
    /// Service.
    pub service: String,
    /// Unit.
    pub unit: String,
    /// Units.
    pub quantity: f64,
    /// US dollars a unit.
    pub unit_price_usd: f64,
    /// US dollars.
    pub amount_usd: f64,
    /// Day of the price.
    pub as_of: String,
}

/// A bill.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Prediction {
    /// Sum in US dollars.
    pub total_usd: f64,
    /// What it is made of.
    pub lines: Vec<Line>,
}

static TABLE: LazyLock<BTreeMap<Charge, Price>> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../prices.json"))
        .expect("prices.json is checked by the tests of this module")
});

/// The price of a charge; the table has them all.
pub fn price(charge: Charge) -> Option<&'static Price> {
    TABLE.get(&charge)
}

/// The bill for `usage`.
pub fn bill(usage: &[Usage]) -> Prediction {
    let lines: Vec<Line> = usage
        .iter()
        .filter_map(|usage| {
            price(usage.charge).map(|price| Line {
                service: price.service.clone(),
                unit: price.unit.clone(),
                quantity: rounded(usage.quantity),
                unit_price_usd: price.usd,
                amount_usd: rounded(usage.quantity * price.usd),
                as_of: price.as_of.clone(),
            })
        })
        .collect();
    Prediction {
        total_usd: rounded(lines.iter().map(|line| line.amount_usd).sum()),
        lines,
    }
}

/// What a prediction depends on.
#[derive(Debug, Clone, PartialEq)]
pub struct Outlook<'a> {
    /// Duration of the video in seconds.
    pub seconds: f64,
    /// Frames a second; 0 where the file names none.
    pub frame_rate: f64,
    /// The ladder: each rung is made as a file and in the stream.
    pub ladder: &'a [Rung],
    /// How the stream gets its renditions.
    pub streaming: Streaming,
    /// Whether there is sound to convert.
    pub has_audio: bool,
    /// Analyses to be made.
    pub analyses: Analyses,
}

/// Short sides from which an output is paid as HD, and up to which.
const HD_SHORT_SIDES: RangeInclusive<u32> = 720..=1080;
/// Frame rates up to which an output is paid once, and one and a quarter; above, one and a half (the price page's tables).
const FRAME_RATES: (f64, f64) = (30.0, 60.0);
/// Factor of an encoding in several passes. No published figure was at hand: twice the work.
const SEVERAL_PASSES: f64 = 2.0;
/// Seconds below which `MediaConvert` counts no output.
const TRANSCODE_MINIMUM_SECONDS: f64 = 10.0;
/// Seconds below which Transcribe counts no job.
const TRANSCRIPTION_MINIMUM_SECONDS: f64 = 15.0;
/// Transitions of a video through all machines, some polls included.
const TRANSITIONS: f64 = 60.0;
/// Tokens that a minute of video adds to the prompts: about 150 words of speech and the labels beside them.
const INPUT_TOKENS_A_MINUTE: f64 = 400.0;
/// Tokens of the prompts whatever the length: instructions and schema.
const INPUT_TOKENS_BASE: f64 = 3000.0;
/// Tokens that the model writes.
const OUTPUT_TOKENS: f64 = 3000.0;
/// GB-seconds of all functions of a video.
const COMPUTE_GB_SECONDS: f64 = 20.0;

/// The usage that a video is expected to cause.
pub fn predict(outlook: &Outlook<'_>) -> Vec<Usage> {
    let minutes = outlook.seconds / 60.0;
    let output_minutes = outlook.seconds.max(TRANSCODE_MINIMUM_SECONDS) / 60.0;
    let when = |is_planned: bool, quantity: f64| if is_planned { quantity } else { 0.0 };
    let analyses = outlook.analyses;
    let sounds = when(outlook.has_audio, SOUND_OUTPUTS);
    let normalised = when(outlook.has_audio, SOUND_OUTPUTS + files(outlook.ladder));
    [
        (Charge::Probe, 1.0),
        (Charge::Loudness, normalised * output_minutes),
        (Charge::TranscodeAudio, sounds * output_minutes),
        (Charge::Labels, when(analyses.labels, minutes)),
        (Charge::Moderation, when(analyses.moderation, minutes)),
        (
            Charge::Transcription,
            when(
                analyses.transcription,
                outlook.seconds.max(TRANSCRIPTION_MINIMUM_SECONDS),
            ),
        ),
        (Charge::Meaning, when(analyses.meaning, minutes)),
        (
            Charge::ModelInput,
            (INPUT_TOKENS_BASE + INPUT_TOKENS_A_MINUTE * minutes) / 1000.0,
        ),
        (Charge::ModelOutput, OUTPUT_TOKENS / 1000.0),
        (Charge::Transition, TRANSITIONS),
        (Charge::Compute, COMPUTE_GB_SECONDS),
    ]
    .into_iter()
    .chain(pictures(outlook).map(|(charge, outputs)| (charge, outputs * output_minutes)))
    .filter(|(_, quantity)| *quantity > 0.0)
    .map(|(charge, quantity)| Usage { charge, quantity })
    .collect()
}

/// Outputs of sound alone: the file, and the track of the stream.
const SOUND_OUTPUTS: f64 = 2.0;

/// Files with picture: every rung and the proxy.
fn files(ladder: &[Rung]) -> f64 {
    let files = ladder.iter().chain(proxy_rung(ladder).as_ref()).count();
    f64::from(u32::try_from(files).unwrap_or(u32::MAX))
}

/// Outputs with picture by what they are paid as, weighted by frame rate and passes: every rung as a file and in the
/// stream, and the proxy. An automated stream is counted by the ladder, which bounds it.
fn pictures(outlook: &Outlook<'_>) -> impl Iterator<Item = (Charge, f64)> {
    let passes = match outlook.streaming {
        Streaming::Ladder => 1.0,
        Streaming::Automated => SEVERAL_PASSES,
    };
    let ladder = outlook.ladder.iter().copied();
    let streamed = ladder.clone().map(move |rung| (rung, passes));
    let files = ladder
        .chain(proxy_rung(outlook.ladder))
        .map(|rung| (rung, 1.0));
    let mut outputs = BTreeMap::new();
    for (rung, passes) in files.chain(streamed) {
        *outputs.entry(size_charge(rung)).or_insert(0.0) +=
            passes * rate_factor(outlook.frame_rate);
    }
    outputs.into_iter()
}

fn size_charge(rung: Rung) -> Charge {
    let side = rung.short_side();
    if side < *HD_SHORT_SIDES.start() {
        Charge::TranscodeSd
    } else if side <= *HD_SHORT_SIDES.end() {
        Charge::TranscodeHd
    } else {
        Charge::TranscodeUhd
    }
}

fn rate_factor(frame_rate: f64) -> f64 {
    let (slow, usual) = FRAME_RATES;
    if frame_rate <= slow {
        1.0
    } else if frame_rate <= usual {
        1.25
    } else {
        1.5
    }
}

/// Millionths are what the table's smallest prices need.
fn rounded(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}

#[cfg(test)]
mod tests {
    use strum::IntoEnumIterator;

    use super::Charge::{
        Compute, ModelInput, ModelOutput, Probe, TranscodeHd, TranscodeSd, TranscodeUhd,
        Transcription, Transition,
    };
    use super::*;

    /// A ladder of usual shapes.
    fn ladder(short_sides: &[u32]) -> Vec<Rung> {
        let rung = |side: &u32| Rung {
            height: *side,
            width: *side * 16 / 9,
            bitrate: 1,
        };
        short_sides.iter().map(rung).collect()
    }

    fn outlook(ladder: &[Rung]) -> Outlook<'_> {
        Outlook {
            seconds: 600.0,
            frame_rate: 25.0,
            ladder,
            streaming: Streaming::Ladder,
            has_audio: true,
            analyses: Analyses {
                labels: true,
                moderation: false,
                transcription: true,
                meaning: true,
            },
        }
    }

    const NOTHING: Analyses = Analyses {
        labels: false,
        moderation: false,
        transcription: false,
        meaning: false,
    };

    fn check(outlook: &Outlook<'_>, expected_usd: f64) {
        let total = bill(&predict(outlook)).total_usd;
        assert!(
            (total - expected_usd).abs() < 0.005,
            "{outlook:?}: {total}, not {expected_usd}"
        );
    }

    /// Units of a charge.
    fn quantity(outlook: &Outlook<'_>, charge: Charge) -> f64 {
        let usage = predict(outlook);
        let found = usage.iter().find(|usage| usage.charge == charge);
        found.map_or(0.0, |usage| usage.quantity)
    }

    #[test]
    fn every_charge_has_a_price() {
        for charge in Charge::iter() {
            let price = price(charge).unwrap_or_else(|| unreachable!("{charge} has no price"));
            assert!(
                price.usd >= 0.0 && !price.source.is_empty() && price.as_of.len() == 10,
                "{charge}"
            );
        }
    }

    #[test]
    fn predicts_a_ten_minute_video() {
        // 0.24 transcribe + 1.00 labels + 0.50 meaning + 5 HD (1.20) and 4 SD outputs (0.48), 2 of sound (0.06),
        // 7 normalised (0.14), model and workflow (0.02).
        check(&outlook(&ladder(&[1080, 720, 540, 360])), 3.64);
    }

    #[test]
    fn outputs_are_paid_by_size_rate_and_passes() {
        let rungs = ladder(&[2160, 1080, 540]);
        let usual = outlook(&rungs);
        let counted = |outlook: &Outlook<'_>| {
            [TranscodeUhd, TranscodeHd, TranscodeSd].map(|charge| quantity(outlook, charge) / 10.0)
        };
        // The proxy is made at the highest rung of at most 720 lines.
        let expected = |found: [f64; 3], wanted: [f64; 3]| {
            let differs = found
                .iter()
                .zip(wanted)
                .any(|(one, other)| (one - other).abs() > 1e-9);
            assert!(!differs, "{found:?}, not {wanted:?}");
        };
        expected(counted(&usual), [2.0, 2.0, 3.0]);
        let fast = |frame_rate| Outlook {
            frame_rate,
            ..usual.clone()
        };
        expected(counted(&fast(30.0)), [2.0, 2.0, 3.0]);
        expected(counted(&fast(50.0)), [2.5, 2.5, 3.75]);
        expected(counted(&fast(120.0)), [3.0, 3.0, 4.5]);
        let automated = Outlook {
            streaming: Streaming::Automated,
            ..usual.clone()
        };
        expected(counted(&automated), [3.0, 3.0, 4.0]);
    }

    #[test]
    fn short_videos_pay_the_minima() {
        let rungs = ladder(&[360]);
        let short = Outlook {
            seconds: 1.0,
            ..outlook(&rungs)
        };
        assert!((quantity(&short, Transcription) - 15.0).abs() < 1e-9);
        assert!((quantity(&short, TranscodeSd) * 60.0 - 30.0).abs() < 1e-9);
    }

    #[test]
    fn what_is_not_planned_costs_nothing() {
        let usage = predict(&Outlook {
            analyses: NOTHING,
            has_audio: false,
            ..outlook(&[])
        });
        let charges: Vec<Charge> = usage.iter().map(|usage| usage.charge).collect();
        assert_eq!(
            charges,
            [Probe, ModelInput, ModelOutput, Transition, Compute]
        );
    }
}
