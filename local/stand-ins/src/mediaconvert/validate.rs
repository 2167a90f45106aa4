//! What of a job can be refused without having seen the source.

use std::collections::BTreeSet;

use videoflow_platform::service::ServiceError;

use super::codec::{FramerateControl, VideoCodecSettings};
use super::rate::bitrates;
use super::settings::{ContainerType, CreateJob, GroupType, Input, Output, OutputGroup};
use super::{automated, error, geometry};

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
    if input
        .audio_selectors
        .values()
        .any(|selector| selector.tracks.len() > 1)
    {
        return refuse(
            "Settings.Inputs[0].AudioSelectors",
            "one track a selector is supported by the local stand-in",
        );
    }
    if job.settings.output_groups.is_empty() {
        return refuse("Settings.OutputGroups", "there is none");
    }
    let mut preprocessors = outputs(job)
        .filter_map(|output| output.video_description.as_ref())
        .map(|video| video.video_preprocessors);
    let first = preprocessors.next();
    if preprocessors.any(|other| Some(other) != first) {
        return refuse(
            "Settings.OutputGroups",
            "outputs with different VideoPreprocessors are not supported by the local stand-in",
        );
    }
    let is_automated = |group: &OutputGroup| group.automated_encoding_settings.is_some();
    let is_stream =
        |group: &&OutputGroup| group.output_group_settings.kind == GroupType::CmafGroupSettings;
    let mut streams = job.settings.output_groups.iter().filter(is_stream);
    if streams.clone().any(is_automated) && !streams.all(is_automated) {
        return refuse(
            "Settings.OutputGroups",
            "where one stream has automated ABR, all need it",
        );
    }
    for (index, group) in job.settings.output_groups.iter().enumerate() {
        validate_group(group, input, &format!("Settings.OutputGroups[{index}]"))?;
    }
    if outputs(job).all(is_capture) {
        return refuse(
            "Settings.OutputGroups",
            "frame captures need another output in the same job",
        );
    }
    Ok(())
}

fn outputs(job: &CreateJob) -> impl Iterator<Item = &Output> {
    let groups = job.settings.output_groups.iter();
    groups.flat_map(|group| &group.outputs)
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
    if let Some(automated) = &group.automated_encoding_settings {
        if settings.kind == GroupType::FileGroupSettings {
            return refuse("AutomatedEncodingSettings: files have no automated ABR");
        }
        let refused = |why| {
            error::bad_request(format!(
                "{path}.AutomatedEncodingSettings.AbrSettings: {why}"
            ))
        };
        automated::validate(automated.abr_settings, &group.outputs).map_err(refused)?;
    }
    let mut names = BTreeSet::new();
    for (index, output) in group.outputs.iter().enumerate() {
        let path = format!("{path}.Outputs[{index}]");
        validate_output(output, settings.kind, input, &path)?;
        if group.automated_encoding_settings.is_none() {
            let refused =
                |why| error::bad_request(format!("{path}.VideoDescription.CodecSettings: {why}"));
            validate_bitrates(output).map_err(refused)?;
        }
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
    let modifier = output.name_modifier.as_deref().unwrap_or_default();
    if modifier.contains(['$', '%', '/']) {
        return refuse(
            "NameModifier",
            "format identifiers and folders are not supported by the local stand-in",
        );
    }
    let sounds = &output.audio_descriptions;
    if output.video_description.is_none() && sounds.is_empty() {
        return refuse("VideoDescription", "an output needs pictures or sound");
    }
    if !is_fitting(output, kind) {
        return refuse(
            "ContainerSettings.Container",
            "does not go with the group and what the output holds",
        );
    }
    let tracks = sounds.len() + usize::from(output.video_description.is_some());
    if kind == GroupType::CmafGroupSettings && (tracks != 1 || is_capture(output)) {
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
    let mut sources = sounds
        .iter()
        .filter_map(|audio| audio.audio_source_name.as_ref());
    if let Some(name) = sources.find(is_unknown) {
        return refuse(
            "AudioDescriptions",
            &format!("there is no audio selector {name:?}"),
        );
    }
    validate_rates(output).or_else(|why| refuse("VideoDescription.CodecSettings", &why))
}

fn is_capture(output: &Output) -> bool {
    matches!(codec(output), Some(VideoCodecSettings::FrameCapture { .. }))
}

/// Whether the container can hold the output in this kind of group.
fn is_fitting(output: &Output, kind: GroupType) -> bool {
    let container = output
        .container_settings
        .as_ref()
        .map(|settings| settings.container);
    let sounds = output.audio_descriptions.len();
    match (kind, container) {
        (GroupType::CmafGroupSettings, container) => container == Some(ContainerType::Cmfc),
        (GroupType::FileGroupSettings, Some(ContainerType::Raw)) => {
            (output.video_description.is_none() && sounds == 1)
                || (is_capture(output) && sounds == 0)
        }
        (GroupType::FileGroupSettings, Some(ContainerType::Mp4)) => !is_capture(output),
        (GroupType::FileGroupSettings, _) => false,
    }
}

/// Bitrates that the way of spending bits needs; automated ABR chooses its own.
fn validate_bitrates(output: &Output) -> Result<(), String> {
    match codec(output) {
        Some(VideoCodecSettings::H264 { settings }) => {
            bitrates(settings).map(drop).map_err(|error| error.message)
        }
        Some(VideoCodecSettings::FrameCapture { .. }) | None => Ok(()),
    }
}

/// Frame rates that the settings promise and do not give.
fn validate_rates(output: &Output) -> Result<(), String> {
    let (numerator, denominator, what) = match codec(output) {
        Some(VideoCodecSettings::H264 { settings }) => {
            if settings.framerate_control == FramerateControl::InitializeFromSource {
                return Ok(());
            }
            (
                settings.framerate_numerator,
                settings.framerate_denominator,
                "H264Settings",
            )
        }
        Some(VideoCodecSettings::FrameCapture { settings }) => (
            settings.framerate_numerator,
            settings.framerate_denominator,
            "FrameCaptureSettings",
        ),
        None => return Ok(()),
    };
    let is_given = |number: Option<u32>| number.is_some_and(|number| number > 0);
    if is_given(numerator) && is_given(denominator) {
        return Ok(());
    }
    Err(format!(
        "{what}.FramerateNumerator and FramerateDenominator are needed"
    ))
}
