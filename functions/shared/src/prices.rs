//! The dated price table (`prices.json`) and the cost of a video by it, predicted or actual.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

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
    /// Short sides of all video outputs, files and streams each on its own.
    pub outputs: &'a [u32],
    /// Whether there is sound to convert.
    pub has_audio: bool,
    /// Analyses to be made.
    pub analyses: crate::plan::Analyses,
}

/// Short side from which an output is paid as HD.
const HD_SHORT_SIDE: u32 = 720;
/// Seconds below which `MediaConvert` counts no output.
const TRANSCODE_MINIMUM_SECONDS: f64 = 10.0;
/// Seconds below which Transcribe counts no job.
const TRANSCRIPTION_MINIMUM_SECONDS: f64 = 15.0;
/// Transitions of a video through all machines, without polls.
const TRANSITIONS: f64 = 120.0;
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
    let count = |is_hd: bool| {
        let outputs = outlook
            .outputs
            .iter()
            .filter(|side| (**side >= HD_SHORT_SIDE) == is_hd)
            .count();
        f64::from(u32::try_from(outputs).unwrap_or(u32::MAX))
    };
    let audio_outputs = if outlook.has_audio { 2.0 } else { 0.0 };
    let when = |is_planned: bool, quantity: f64| if is_planned { quantity } else { 0.0 };
    let analyses = outlook.analyses;
    [
        (Charge::Probe, 1.0),
        (Charge::TranscodeHd, count(true) * output_minutes),
        (Charge::TranscodeSd, count(false) * output_minutes),
        (Charge::TranscodeAudio, audio_outputs * output_minutes),
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
    .filter(|(_, quantity)| *quantity > 0.0)
    .map(|(charge, quantity)| Usage { charge, quantity })
    .collect()
}

/// Millionths are what the table's smallest prices need.
fn rounded(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}

#[cfg(test)]
mod tests {
    use strum::IntoEnumIterator;

    use super::Charge::{Compute, ModelInput, ModelOutput, Probe, Transition};
    use super::*;
    use crate::plan::Analyses;

    fn check(seconds: f64, outputs: &[u32], is_everything: bool, expected_usd: f64) {
        let analyses = Analyses {
            labels: is_everything,
            moderation: false,
            transcription: true,
            meaning: is_everything,
        };
        let total = bill(&predict(&Outlook {
            seconds,
            outputs,
            has_audio: true,
            analyses,
        }))
        .total_usd;
        assert!(
            (total - expected_usd).abs() < 0.005,
            "{seconds} s {outputs:?}: {total}, not {expected_usd}"
        );
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
        // 0.24 transcribe + 1.00 labels + 0.50 meaning + 5 HD and 2 SD outputs and 2 of audio + model and workflow.
        check(600.0, &[1080, 1080, 720, 720, 720, 540, 540], true, 2.73);
    }

    #[test]
    fn short_videos_pay_the_minima() {
        let usage = |seconds| {
            let analyses = Analyses {
                labels: false,
                moderation: false,
                transcription: true,
                meaning: false,
            };
            predict(&Outlook {
                seconds,
                outputs: &[360],
                has_audio: true,
                analyses,
            })
        };
        assert_eq!(usage(1.0), usage(1.0));
        let transcription = usage(1.0)
            .into_iter()
            .find(|usage| usage.charge == Charge::Transcription);
        assert_eq!(transcription.map(|usage| usage.quantity), Some(15.0));
    }

    #[test]
    fn what_is_not_planned_costs_nothing() {
        let analyses = Analyses {
            labels: false,
            moderation: false,
            transcription: false,
            meaning: false,
        };
        let usage = predict(&Outlook {
            seconds: 60.0,
            outputs: &[],
            has_audio: false,
            analyses,
        });
        let charges: Vec<Charge> = usage.iter().map(|usage| usage.charge).collect();
        assert_eq!(
            charges,
            [Probe, ModelInput, ModelOutput, Transition, Compute]
        );
    }
}
