//! Job settings that change nothing here: hints to AWS's encoder (ours has presets of its own), labels, and switches
//! whose accepted positions are what this stand-in does anyway.

use serde_json::Value;
use videoflow_platform::service::ServiceError;

use super::error;

/// Any position.
const ANY: &[&str] = &[];

/// Member and its accepted values.
const NEUTRAL: [(&str, &[&str]); 76] = [
    // How an encoder spends its bits.
    ("AdaptiveQuantization", ANY),
    ("DynamicSubGop", ANY),
    ("EndOfStreamMarkers", ANY),
    ("FlickerAdaptiveQuantization", ANY),
    ("GopBReference", ANY),
    ("GopClosedCadence", &["1"]),
    ("HrdBufferFinalFillPercentage", ANY),
    ("HrdBufferInitialFillPercentage", ANY),
    ("MinIInterval", ANY),
    ("NumberBFramesBetweenReferenceFrames", ANY),
    ("NumberReferenceFrames", ANY),
    ("QvbrQualityLevelFineTune", ANY),
    ("RepeatPps", ANY),
    ("SaliencyAwareEncoding", ANY),
    ("SceneChangeDetect", ANY),
    ("Slices", ANY),
    ("Softness", ANY),
    ("SpatialAdaptiveQuantization", ANY),
    ("TemporalAdaptiveQuantization", ANY),
    // How a scaler filters.
    ("AntiAlias", ANY),
    ("Sharpness", ANY),
    // Labels, timecodes (no output shows any) and what S3 does with objects.
    ("CustomName", ANY),
    ("DestinationSettings", ANY),
    ("DropFrameTimecode", ANY),
    ("Name", ANY),
    ("TimecodeConfig", ANY),
    ("TimecodeInsertion", &["DISABLED"]),
    ("TimecodeSource", ANY),
    ("TimecodeTrack", &["DISABLED"]),
    // What is done with H.264 here.
    ("CodecLevel", &["AUTO"]),
    ("EntropyEncoding", &["CABAC"]),
    ("FramerateConversionAlgorithm", &["DUPLICATE_DROP"]),
    ("InterlaceMode", &["PROGRESSIVE"]),
    ("ParControl", &["INITIALIZE_FROM_SOURCE", "SPECIFIED"]),
    ("ParDenominator", &["1"]),
    ("ParNumerator", &["1"]),
    ("SlowPal", &["DISABLED"]),
    ("Syntax", &["DEFAULT"]),
    ("Telecine", &["NONE"]),
    ("UnregisteredSeiTimecode", &["DISABLED"]),
    ("WriteMp4PackagingType", &["AVC1"]),
    ("AfdSignaling", &["NONE"]),
    ("ChromaPositionMode", &["AUTO"]),
    ("ColorMetadata", ANY),
    ("RespondToAfd", &["NONE"]),
    // What is done before encoding here.
    (
        "Algorithm",
        &[
            "BLEND",
            "BLEND_TICKER",
            "INTERPOLATE",
            "INTERPOLATE_TICKER",
            "LINEAR_INTERPOLATION",
            // Loudness, measured with gates; the ungated 1770-1 is another measure.
            "ITU_BS_1770_2",
            "ITU_BS_1770_3",
            "ITU_BS_1770_4",
        ],
    ),
    ("Control", &["NORMAL"]),
    ("HdrToSdrToneMapper", &["PRESERVE_DETAILS"]),
    ("Mode", &["DEINTERLACE"]),
    // What is done with sound here.
    ("AudioType", ANY),
    ("AudioTypeControl", ANY),
    ("AudioDescriptionBroadcasterMix", &["NORMAL"]),
    ("LanguageCodeControl", &["FOLLOW_INPUT"]),
    ("LoudnessLogging", &["DONT_LOG"]),
    ("PeakCalculation", ANY),
    ("RawFormat", &["NONE"]),
    ("Specification", &["MPEG4"]),
    // What is done with containers and manifests here.
    ("AudioTrackType", &["ALTERNATE_AUDIO_AUTO_SELECT_DEFAULT"]),
    ("ClientCache", &["ENABLED"]),
    ("CodecSpecification", ANY),
    ("IFrameOnlyManifest", &["EXCLUDE"]),
    ("ManifestCompression", &["NONE"]),
    ("ManifestDurationFormat", &["FLOATING_POINT"]),
    ("MoovPlacement", ANY),
    ("MpdProfile", &["MAIN_PROFILE"]),
    ("SegmentControl", &["SEGMENTED_FILES"]),
    ("SegmentLengthControl", ANY),
    ("StreamInfResolution", &["INCLUDE"]),
    ("TargetDurationCompatibilityMode", ANY),
    ("WriteSegmentTimelineInRepresentation", ANY),
    // How a source is read.
    ("ColorSpace", &["FOLLOW"]),
    ("DeblockFilter", &["DISABLED"]),
    ("DenoiseFilter", &["DISABLED"]),
    ("FilterEnable", &["AUTO", "DISABLE"]),
    ("PsiControl", ANY),
    ("SelectorType", &["AUTO", "TRACK"]),
];

/// The settings without the neutral members.
///
/// # Errors
/// `BadRequestException` for a member in a position that would give another result than is made here.
pub fn strip(settings: &Value, path: &str) -> Result<Value, ServiceError> {
    match settings {
        Value::Object(members) => {
            let mut kept = serde_json::Map::new();
            for (name, member) in members {
                let path = format!("{path}.{name}");
                match NEUTRAL.iter().find(|(known, _)| known == name) {
                    Some((_, accepted)) => check(member, accepted, &path)?,
                    None => drop(kept.insert(name.clone(), strip(member, &path)?)),
                }
            }
            Ok(Value::Object(kept))
        }
        Value::Array(items) => {
            let strip_item = |(index, item)| strip(item, &format!("{path}[{index}]"));
            items
                .iter()
                .enumerate()
                .map(strip_item)
                .collect::<Result<_, _>>()
                .map(Value::Array)
        }
        other => Ok(other.clone()),
    }
}

fn check(value: &Value, accepted: &[&str], path: &str) -> Result<(), ServiceError> {
    let text = value
        .as_str()
        .map_or_else(|| value.to_string(), ToOwned::to_owned);
    if accepted.is_empty() || accepted.contains(&text.as_str()) {
        return Ok(());
    }
    Err(error::bad_request(format!(
        "{path}: {text} is not supported by the local stand-in, only {}",
        accepted.join(" or ")
    )))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(settings: &Value, expected: Result<Value, &str>) {
        let answer = strip(settings, "Settings").map_err(|error| error.message);
        match expected {
            Ok(expected) => assert_eq!(answer, Ok(expected)),
            Err(part) => assert!(
                answer.as_ref().is_err_and(|message| message.contains(part)),
                "{answer:?}"
            ),
        }
    }

    #[test]
    fn takes_away_what_has_no_effect_and_refuses_what_would_have() {
        check(
            &json!({"A": [{"Slices": 4, "Telecine": "NONE", "B": 1}]}),
            Ok(json!({"A": [{"B": 1}]})),
        );
        check(
            &json!({"A": [{"B": 1}, {"Telecine": "HARD"}]}),
            Err("Settings.A[1].Telecine: HARD is not supported"),
        );
        check(&json!({"GopClosedCadence": 0}), Err("only 1"));
    }
}
