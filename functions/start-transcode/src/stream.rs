//! The adaptive stream: CMAF segments with manifests for HLS and DASH.

use aws_sdk_mediaconvert::types::{
    AutomatedAbrSettings, AutomatedEncodingSettings, CmafGroupSettings, CmafWriteDashManifest,
    CmafWriteHlsManifest, ContainerType, Output, OutputGroup, OutputGroupSettings, OutputGroupType,
    VideoDescription,
};
use videoflow_shared::location::S3Uri;
use videoflow_shared::plan::{Plan, Rung};
use videoflow_shared::profiles::Streaming;

use crate::outputs::{automated_video, container, pixels, video};
use crate::sound::{Sound, audio};

/// Seconds of a stream segment: two groups of pictures.
const SEGMENT_SECONDS: i32 = 4;
/// Seconds of a fragment: one group of pictures.
const FRAGMENT_SECONDS: i32 = 2;
/// How many renditions automated ABR may be bounded to.
const RENDITIONS: (usize, usize) = (3, 15);
/// The least bitrate that automated ABR takes.
const LEAST_BITRATE: u32 = 100_000;
/// The greatest bitrate of a stack is at least so many times its least, so that there is something to choose from.
const BITRATES_APART: u32 = 3;

/// The adaptive stream, the sound apart: one video output a rung, or one for all, from which automated ABR makes its own.
pub fn stream(destination: &S3Uri, plan: &Plan, sound: Sound) -> OutputGroup {
    let settings = CmafGroupSettings::builder()
        .destination(destination.to_string())
        .write_hls_manifest(CmafWriteHlsManifest::Enabled)
        .write_dash_manifest(CmafWriteDashManifest::Enabled)
        .segment_length(SEGMENT_SECONDS)
        .fragment_length(FRAGMENT_SECONDS)
        .build();
    let settings = OutputGroupSettings::builder()
        .r#type(OutputGroupType::CmafGroupSettings)
        .cmaf_group_settings(settings)
        .build();
    let automated = match plan.streaming {
        Streaming::Ladder => None,
        Streaming::Automated => plan.ladder.first().copied(),
    };
    let mut outputs: Vec<Output> = match automated {
        Some(largest) => {
            vec![pictures(
                "_video".to_owned(),
                automated_video(largest, &plan.video),
            )]
        }
        None => plan
            .ladder
            .iter()
            .map(|rung| pictures(format!("_{}p", rung.height), video(*rung, &plan.video)))
            .collect(),
    };
    if sound == Sound::Present {
        let output = output("_audio".to_owned()).audio_descriptions(audio());
        outputs.push(output.build());
    }
    OutputGroup::builder()
        .name("stream")
        .output_group_settings(settings)
        .set_automated_encoding_settings(automated.map(|_| bounds(&plan.ladder)))
        .set_outputs(Some(outputs))
        .build()
}

fn pictures(modifier: String, description: VideoDescription) -> Output {
    output(modifier).video_description(description).build()
}

fn output(modifier: String) -> aws_sdk_mediaconvert::types::builders::OutputBuilder {
    Output::builder()
        .container_settings(container(ContainerType::Cmfc))
        .name_modifier(modifier)
}

/// Within what automated ABR chooses: no more renditions than the ladder has rungs, which is what the prediction of the
/// price counts, and bitrates between those of its ends.
fn bounds(ladder: &[Rung]) -> AutomatedEncodingSettings {
    let (fewest, most) = RENDITIONS;
    let greatest = ladder.iter().map(|rung| rung.bitrate).max().unwrap_or(0);
    let greatest = greatest.max(LEAST_BITRATE * BITRATES_APART);
    let least = ladder.iter().map(|rung| rung.bitrate).min().unwrap_or(0);
    let least = least.clamp(LEAST_BITRATE, greatest / BITRATES_APART);
    let renditions = i32::try_from(ladder.len().clamp(fewest, most)).unwrap_or(i32::MAX);
    let settings = AutomatedAbrSettings::builder()
        .max_renditions(renditions)
        .max_abr_bitrate(pixels(greatest))
        .min_abr_bitrate(pixels(least));
    AutomatedEncodingSettings::builder()
        .abr_settings(settings.build())
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bounds of ladders with these bitrates: renditions, greatest and least bitrate.
    fn check(bitrates: &[u32], expected: (i32, i32, i32)) {
        let rung = |bitrate: &u32| Rung {
            height: 2,
            width: 2,
            bitrate: *bitrate,
        };
        let ladder: Vec<Rung> = bitrates.iter().map(rung).collect();
        let settings = bounds(&ladder).abr_settings;
        let found = settings.and_then(|one| {
            let renditions = one.max_renditions?;
            Some((renditions, one.max_abr_bitrate?, one.min_abr_bitrate?))
        });
        assert_eq!(found, Some(expected), "{bitrates:?}");
    }

    #[test]
    fn automated_renditions_stay_within_the_ladder() {
        check(
            &[8_000_000, 2_000_000, 600_000, 300_000],
            (4, 8_000_000, 300_000),
        );
        check(&[20_000_000; 20], (15, 20_000_000, 6_666_666));
        check(&[300_000], (3, 300_000, 100_000));
        check(&[600_000, 500_000], (3, 600_000, 200_000));
        check(&[], (3, 300_000, 100_000));
    }
}
