//! What of a job can be refused without having seen the source.

use std::collections::BTreeSet;

use videoflow_platform::service::ServiceError;

use super::codec::RateControlMode::{Cbr, Qvbr, Vbr};
use super::codec::VideoCodecSettings;
use super::settings::{ContainerType, CreateJob, GroupType, Input, Output, OutputGroup};
use super::{error, geometry};

/// Longest idempotency token.
const TOKEN_CHARACTERS: usize = 64;

/// What can be refused without having seen the source.
///
/// # Errors
/// `BadRequestException` with the path of what is wrong.
pub fn validate(job: &CreateJob) -> Result<(), ServiceError> {
    let refuse = |path: &str, why: &str| Err(error::bad_request(format!("{path}: {why}")));
    if job.role.is_empty() {
        return refuse("Role", "is missing");
    }
    if job
        .client_request_token
        .as_ref()
        .is_some_and(|token| token.len() > TOKEN_CHARACTERS)
    {
        return refuse("ClientRequestToken", "has more than 64 characters");
    }
    let [input] = job.settings.inputs.as_slice() else {
        return refuse(
            "Settings.Inputs",
            "one input is supported by the local stand-in",
        );
    };
    if job.settings.output_groups.is_empty() {
        return refuse("Settings.OutputGroups", "there is none");
    }
    for (index, group) in job.settings.output_groups.iter().enumerate() {
        validate_group(group, input, &format!("Settings.OutputGroups[{index}]"))?;
    }
    let is_capture = |output: &Output| {
        codec(output).is_some_and(|codec| matches!(codec, VideoCodecSettings::FrameCapture { .. }))
    };
    if job
        .settings
        .output_groups
        .iter()
        .flat_map(|group| &group.outputs)
        .all(is_capture)
    {
        return refuse(
            "Settings.OutputGroups",
            "frame captures need another output in the same job",
        );
    }
    Ok(())
}

fn codec(output: &Output) -> Option<&VideoCodecSettings> {
    output
        .video_description
        .as_ref()
        .map(|video| &video.codec_settings)
}

fn validate_group(group: &OutputGroup, input: &Input, path: &str) -> Result<(), ServiceError> {
    let refuse = |why: &str| Err(error::bad_request(format!("{path}: {why}")));
    let settings = &group.output_group_settings;
    let destination = match (
        settings.kind,
        &settings.file_group_settings,
        &settings.cmaf_group_settings,
    ) {
        (GroupType::FileGroupSettings, Some(files), None) => &files.destination,
        (GroupType::CmafGroupSettings, None, Some(stream)) => &stream.destination,
        _ => return refuse("OutputGroupSettings: settings of exactly the group's type are needed"),
    };
    if destination.key.contains('$') {
        return refuse(
            "format identifiers in a Destination are not supported by the local stand-in",
        );
    }
    if group.outputs.is_empty() {
        return refuse("Outputs: there is none");
    }
    let mut names = BTreeSet::new();
    for (index, output) in group.outputs.iter().enumerate() {
        let path = format!("{path}.Outputs[{index}]");
        validate_output(output, settings.kind, input, &path)?;
        if !names.insert((output.name_modifier.as_deref(), output.extension.as_deref())) {
            return Err(error::bad_request(format!(
                "{path}.NameModifier: outputs of a group need different ones"
            )));
        }
    }
    Ok(())
}

fn validate_output(
    output: &Output,
    kind: GroupType,
    input: &Input,
    path: &str,
) -> Result<(), ServiceError> {
    let refuse =
        |member: &str, why: &str| Err(error::bad_request(format!("{path}.{member}: {why}")));
    let container = output
        .container_settings
        .as_ref()
        .map(|settings| settings.container);
    let capture = matches!(codec(output), Some(VideoCodecSettings::FrameCapture { .. }));
    if output
        .name_modifier
        .as_deref()
        .is_some_and(|name| name.contains(['$', '%', '/']))
    {
        return refuse(
            "NameModifier",
            "format identifiers and folders are not supported by the local stand-in",
        );
    }
    if output.video_description.is_none() && output.audio_descriptions.is_empty() {
        return refuse("VideoDescription", "an output needs pictures or sound");
    }
    let fits = match (kind, container) {
        (GroupType::CmafGroupSettings, container) => container == Some(ContainerType::Cmfc),
        (GroupType::FileGroupSettings, Some(ContainerType::Raw)) => {
            let has_one_sound =
                output.video_description.is_none() && output.audio_descriptions.len() == 1;
            has_one_sound || (capture && output.audio_descriptions.is_empty())
        }
        (GroupType::FileGroupSettings, Some(ContainerType::Mp4)) => !capture,
        _ => false,
    };
    if !fits {
        return refuse(
            "ContainerSettings.Container",
            "does not go with the group and what the output holds",
        );
    }
    let tracks = output.audio_descriptions.len() + usize::from(output.video_description.is_some());
    if kind == GroupType::CmafGroupSettings && (tracks != 1 || capture) {
        return refuse(
            "AudioDescriptions",
            "an output of a CMAF group holds either pictures or one sound track",
        );
    }
    if let Some(side) = output
        .video_description
        .as_ref()
        .and_then(geometry::odd_side)
    {
        return refuse(&format!("VideoDescription.{side}"), "must be even");
    }
    let is_unknown = |name: &&String| !input.audio_selectors.contains_key(*name);
    let mut sources = output
        .audio_descriptions
        .iter()
        .filter_map(|audio| audio.audio_source_name.as_ref());
    if let Some(name) = sources.find(is_unknown) {
        return refuse(
            "AudioDescriptions",
            &format!("there is no audio selector {name:?}"),
        );
    }
    validate_rate(output, path)
}

fn validate_rate(output: &Output, path: &str) -> Result<(), ServiceError> {
    let Some(VideoCodecSettings::H264 { settings }) = codec(output) else {
        return Ok(());
    };
    let missing = match settings.rate_control_mode {
        Qvbr => settings.max_bitrate.is_none().then_some("MaxBitrate"),
        Cbr => settings.bitrate.is_none().then_some("Bitrate"),
        Vbr => [
            ("Bitrate", settings.bitrate),
            ("MaxBitrate", settings.max_bitrate),
        ]
        .into_iter()
        .find_map(|(name, rate)| rate.is_none().then_some(name)),
    };
    let settings = "VideoDescription.CodecSettings.H264Settings";
    missing.map_or(Ok(()), |name| {
        Err(error::bad_request(format!(
            "{path}.{settings}.{name}: is missing"
        )))
    })
}
