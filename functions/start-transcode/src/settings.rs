//! The settings of a `MediaConvert` job, from a plan: which outputs go where.

use aws_sdk_mediaconvert::types::{
    AccelerationMode, AccelerationSettings, AudioDefaultSelection, AudioSelector, ContainerType,
    FileGroupSettings, Input, InputRotate, InputTimecodeSource, JobSettings, Output, OutputGroup,
    OutputGroupSettings, OutputGroupType, PadVideo, VideoDescription, VideoSelector,
};
use videoflow_shared::location::{Places, S3Uri};
use videoflow_shared::plan::{Plan, Rung, proxy_rung};
use videoflow_shared::profiles::Streaming;
use videoflow_shared::renditions::{POSTERS, THUMBNAILS};

use crate::outputs::{container, video};
use crate::sound::{AUDIO_SELECTOR, Sound, audio};
use crate::stills::{posters, thumbnails};
use crate::stream::stream;

/// Whether the job is cut into parts that are encoded side by side. AWS recommends it with automated ABR, which "takes much
/// longer" without and is billed at the tier of acceleration anyway; the ladder stays at the basic tier, because waiting is
/// free here. Preferred: what cannot be accelerated is encoded as usual.
/// <https://docs.aws.amazon.com/mediaconvert/latest/ug/automated-abr-frequently-asked-questions.html>
pub fn acceleration(plan: &Plan) -> Option<AccelerationSettings> {
    let settings = AccelerationSettings::builder().mode(AccelerationMode::Preferred);
    (plan.streaming == Streaming::Automated).then(|| settings.build())
}

/// The whole job: every rendition as a file and in the stream, the proxy, the sound, the pictures.
pub fn job_settings(plan: &Plan, places: &Places<'_>) -> JobSettings {
    let sound = if plan.video.has_audio {
        Sound::Present
    } else {
        Sound::Absent
    };
    let mut groups: Vec<OutputGroup> = plan
        .ladder
        .iter()
        .map(|rung| {
            file(
                &places.media(&format!("{}p", rung.height)),
                movie(*rung, plan, sound),
            )
        })
        .collect();
    if let Some(rung) = proxy_rung(&plan.ladder) {
        groups.push(file(&places.media("proxy"), movie(rung, plan, sound)));
    }
    if sound == Sound::Present {
        let output = Output::builder()
            .container_settings(container(ContainerType::Mp4))
            .extension("m4a");
        groups.push(file(
            &places.media("audio"),
            output.audio_descriptions(audio()).build(),
        ));
    }
    groups.push(stream(&places.media("stream/index"), plan, sound));
    if let (Some(largest), Some(smallest)) = (plan.ladder.first(), plan.ladder.last()) {
        let thumbnails = stills(thumbnails(*smallest, &plan.video));
        groups.push(file(&places.media(THUMBNAILS), thumbnails));
        let posters = stills(posters(*largest, &plan.video));
        groups.push(file(&places.media(POSTERS), posters));
    }
    JobSettings::builder()
        .inputs(input(plan, sound))
        .set_output_groups(Some(groups))
        .build()
}

fn input(plan: &Plan, sound: Sound) -> Input {
    let source = S3Uri::new(&plan.source.bucket, &plan.source.key);
    // Where the sound begins before the picture or ends after it, black frames keep them together.
    let selector = VideoSelector::builder()
        .rotate(InputRotate::Auto)
        .pad_video(PadVideo::Black)
        .build();
    let input = Input::builder()
        .file_input(source.to_string())
        .timecode_source(InputTimecodeSource::Zerobased)
        .video_selector(selector);
    match sound {
        Sound::Absent => input.build(),
        Sound::Present => {
            let selector = AudioSelector::builder()
                .default_selection(AudioDefaultSelection::Default)
                .build();
            input.audio_selectors(AUDIO_SELECTOR, selector).build()
        }
    }
}

/// Picture and sound in one MP4.
fn movie(rung: Rung, plan: &Plan, sound: Sound) -> Output {
    let output = Output::builder()
        .container_settings(container(ContainerType::Mp4))
        .extension("mp4");
    let output = output.video_description(video(rung, &plan.video));
    match sound {
        Sound::Present => output.audio_descriptions(audio()).build(),
        Sound::Absent => output.build(),
    }
}

/// Pictures, each in a file.
fn stills(description: VideoDescription) -> Output {
    Output::builder()
        .container_settings(container(ContainerType::Raw))
        .extension("jpg")
        .video_description(description)
        .build()
}

/// A group of one file: the only way to have names of our own.
fn file(destination: &S3Uri, output: Output) -> OutputGroup {
    let settings = FileGroupSettings::builder()
        .destination(destination.to_string())
        .build();
    let settings = OutputGroupSettings::builder()
        .r#type(OutputGroupType::FileGroupSettings)
        .file_group_settings(settings)
        .build();
    OutputGroup::builder()
        .name(destination.file_name())
        .output_group_settings(settings)
        .outputs(output)
        .build()
}

#[cfg(test)]
mod tests {
    use videoflow_shared::identity::JobId;
    use videoflow_shared::plan::{Analyses, ExpectedSeconds, PlannedSource, Video};
    use videoflow_shared::prices::Prediction;
    use videoflow_shared::profiles::Speech;

    use super::*;
    use crate::outputs::tests::source;

    fn plan(ladder: &[(u32, u32)], has_audio: bool) -> Plan {
        let rung = |(height, width): &(u32, u32)| Rung {
            height: *height,
            width: *width,
            bitrate: 1_000_000,
        };
        Plan {
            job_id: JobId::of("in", "a.mp4", "1", "default"),
            source: PlannedSource {
                bucket: "in".into(),
                key: "a.mp4".into(),
                version_id: "1".into(),
                etag: "e".into(),
                size_bytes: 1,
            },
            profile: "default".into(),
            variant: None,
            video: Video {
                audio_tracks: u32::from(has_audio),
                has_audio,
                ..source()
            },
            traits: Vec::new(),
            analyses: Analyses {
                labels: true,
                moderation: false,
                transcription: true,
                meaning: true,
            },
            omitted: std::collections::BTreeMap::new(),
            ladder: ladder.iter().map(rung).collect(),
            languages: Vec::new(),
            speech: Speech::default(),
            streaming: Streaming::Ladder,
            expected_seconds: ExpectedSeconds {
                transcode: 1,
                labels: 1,
                transcription: 1,
                meaning: 1,
            },
            predicted_cost: Prediction {
                total_usd: 0.0,
                lines: Vec::new(),
            },
        }
    }

    /// Each output as `<group>: <picture>/<sounds>`.
    fn check(plan: &Plan, expected: &[&str]) {
        let settings = job_settings(plan, &Places::new("out", &plan.job_id));
        let mut outputs = Vec::new();
        for group in settings.output_groups() {
            for output in group.outputs() {
                let name = format!(
                    "{}{}",
                    group.name().unwrap_or_default(),
                    output.name_modifier().unwrap_or_default()
                );
                let height = output
                    .video_description()
                    .and_then(VideoDescription::height)
                    .unwrap_or(0);
                outputs.push(format!(
                    "{name}: {height}/{}",
                    output.audio_descriptions().len()
                ));
            }
        }
        assert_eq!(outputs, expected);
    }

    #[test]
    fn makes_files_proxy_audio_stream_and_thumbnails() {
        let expected = [
            "1080p: 1080/1",
            "720p: 720/1",
            "proxy: 720/1",
            "audio: 0/1",
            "stream_1080p: 1080/0",
            "stream_720p: 720/0",
            "stream_audio: 0/1",
            "thumb: 360/0",
            "poster: 1080/0",
        ];
        check(&plan(&[(1080, 1920), (720, 1280)], true), &expected);
    }

    #[test]
    fn automated_streams_have_one_output_for_all_renditions() {
        let plan = Plan {
            streaming: Streaming::Automated,
            ..plan(&[(2160, 3840), (1080, 1920), (720, 1280)], true)
        };
        let expected = [
            "2160p: 2160/1",
            "1080p: 1080/1",
            "720p: 720/1",
            "proxy: 720/1",
            "audio: 0/1",
            "stream_video: 2160/0",
            "stream_audio: 0/1",
            "thumb: 360/0",
            "poster: 1080/0",
        ];
        check(&plan, &expected);
        let settings = job_settings(&plan, &Places::new("out", &plan.job_id));
        let automated = settings
            .output_groups()
            .iter()
            .filter(|group| group.automated_encoding_settings().is_some());
        let names: Vec<_> = automated.filter_map(OutputGroup::name).collect();
        assert_eq!(names, ["stream"]);
        let preferred = AccelerationMode::Preferred;
        assert_eq!(
            acceleration(&plan).and_then(|one| one.mode),
            Some(preferred)
        );
    }

    #[test]
    fn silent_video_has_no_audio_outputs() {
        let plan = plan(&[(360, 640)], false);
        let expected = [
            "360p: 360/0",
            "proxy: 360/0",
            "stream_360p: 360/0",
            "thumb: 360/0",
            "poster: 360/0",
        ];
        check(&plan, &expected);
        assert_eq!(acceleration(&plan), None);
    }

    #[test]
    fn reads_the_source_upright_and_whole_from_zero() {
        let plan = plan(&[(360, 640)], true);
        let settings = job_settings(&plan, &Places::new("out", &plan.job_id));
        let input = settings
            .inputs()
            .first()
            .unwrap_or_else(|| unreachable!("one input"));
        assert_eq!(input.file_input(), Some("s3://in/a.mp4"));
        assert_eq!(
            input.timecode_source(),
            Some(&InputTimecodeSource::Zerobased)
        );
        assert_eq!(
            input
                .video_selector()
                .and_then(|selector| selector.rotate()),
            Some(&InputRotate::Auto)
        );
        assert_eq!(
            input
                .video_selector()
                .and_then(|selector| selector.pad_video()),
            Some(&PadVideo::Black)
        );
        assert!(
            input
                .audio_selectors()
                .is_some_and(|selectors| selectors.contains_key(AUDIO_SELECTOR))
        );
    }
}
