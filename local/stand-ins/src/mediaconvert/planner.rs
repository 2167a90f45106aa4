//! From job settings and the facts of a source to the work. Pure.

use super::automated::renditions;
use super::codec::{
    AudioCodecSettings, AudioNormalization, CodingMode, FrameCaptureSettings, LoudnessControl,
    VideoCodecSettings,
};
use super::geometry::{Picture, fit, own};
use super::plan::{
    AudioEncode, Capture, Colours, Encode, FileOutput, Group, Loudness, Padding, Plan, StreamGroup,
    StreamTrack, VideoEncode,
};
use super::rate::{bitrates, frame_rate, gop_frames};
use super::settings::{
    AudioDescription, AudioSelector, AutomatedAbr, CmafGroupSettings, ColorSpaceConversion,
    ContainerType, CreateJob, DefaultSelection, Input, Output, OutputGroup, PadVideo, Settings,
    VideoDescription, VideoPreprocessors,
};
use crate::jobs::JobError;
use crate::location::Location;
use crate::media_file::{MediaFile, Ratio, Stream, TrackType};

/// `MediaConvert`'s own default.
const DEFAULT_SEGMENT_SECONDS: u32 = 10;

/// Loudness of broadcasts by EBU R 128, in LUFS.
const BROADCAST_LOUDNESS: f64 = -23.0;
/// Silence, as it is measured, in LUFS.
const LEAST_LOUDNESS: f64 = -70.0;

/// Pictures that begin or end this little later or earlier than the sound are not padded: a last picture's own time.
const SHORTEST_PADDING_SECONDS: f64 = 0.1;

/// Plans the work.
///
/// # Errors
/// A job error when the source lacks what the outputs need, or a setting has no sense for it.
pub fn plan(job: &CreateJob, source: &MediaFile) -> Result<Plan, JobError> {
    let Settings {
        inputs,
        output_groups,
    } = &job.settings;
    let input = inputs.first().ok_or_else(|| refuse("no input"))?;
    let video = source.tracks(TrackType::Video).next();
    let mut planner = Planner {
        source,
        input,
        video,
        plan: Plan {
            video_stream: None,
            rotate: input.video_selector.rotate,
            is_deinterlaced: preprocessors(job).is_some_and(|one| one.deinterlacer.is_some()),
            colours: video.map_or(Colours::Kept, |stream| colours(job, stream)),
            padding: None,
            videos: Vec::new(),
            captures: Vec::new(),
            audios: Vec::new(),
            groups: Vec::new(),
            duration_seconds: source.duration_seconds().unwrap_or_default(),
        },
    };
    for group in output_groups {
        let group = planner.group(group)?;
        planner.plan.groups.push(group);
    }
    if !planner.plan.videos.is_empty() || !planner.plan.captures.is_empty() {
        planner.plan.video_stream = video.map(|stream| stream.index);
        planner.plan.padding =
            video.and_then(|stream| padding(input, source, stream, &planner.plan));
    }
    Ok(planner.plan)
}

/// The preprocessors, which are the same for all outputs with pictures.
fn preprocessors(job: &CreateJob) -> Option<VideoPreprocessors> {
    let outputs = job
        .settings
        .output_groups
        .iter()
        .flat_map(|group| &group.outputs);
    let mut videos = outputs.filter_map(|output| output.video_description.as_ref());
    videos.next().map(|video| video.video_preprocessors)
}

fn colours(job: &CreateJob, stream: &Stream) -> Colours {
    let corrector = preprocessors(job).and_then(|one| one.color_corrector);
    let conversion = corrector.map(|corrector| corrector.color_space_conversion);
    if conversion != Some(ColorSpaceConversion::Force709) {
        return Colours::Kept;
    }
    match (
        stream.color_transfer.as_deref(),
        stream.color_primaries.as_deref(),
    ) {
        (Some("smpte2084"), _) => Colours::FromPq,
        (Some("arib-std-b67"), _) => Colours::FromHlg,
        (_, Some("bt2020")) => Colours::Narrowed,
        _ => Colours::Kept,
    }
}

/// Black where there is sound and no picture, as far as the headers tell.
fn padding(input: &Input, source: &MediaFile, stream: &Stream, plan: &Plan) -> Option<Padding> {
    if input.video_selector.pad_video == PadVideo::Disabled {
        return None;
    }
    let begin = (stream.start_seconds()? - source.start_seconds()?).max(0.0);
    let end = stream
        .duration_seconds()
        .map_or(plan.duration_seconds, |seconds| begin + seconds);
    let lasting = |seconds: f64| {
        if seconds > SHORTEST_PADDING_SECONDS {
            seconds
        } else {
            0.0
        }
    };
    let (before_seconds, after_seconds) = (lasting(begin), lasting(plan.duration_seconds - end));
    let rate = plan.videos.first().map_or(
        Ratio {
            numerator: 25,
            denominator: 1,
        },
        |video| video.frame_rate,
    );
    (before_seconds + after_seconds > 0.0).then_some(Padding {
        before_seconds,
        after_seconds,
        frame_rate: rate,
    })
}

/// `MediaConvert`'s code for settings and sources that do not go together.
pub(super) fn refuse(message: impl Into<String>) -> JobError {
    JobError::new("1040", message)
}

struct Planner<'a> {
    source: &'a MediaFile,
    input: &'a Input,
    video: Option<&'a Stream>,
    plan: Plan,
}

impl Planner<'_> {
    fn group(&mut self, group: &OutputGroup) -> Result<Group, JobError> {
        let settings = &group.output_group_settings;
        if let Some(cmaf) = &settings.cmaf_group_settings {
            let automated = group.automated_encoding_settings.as_ref();
            let bounds = automated.map(|automated| automated.abr_settings);
            return self.stream(cmaf, bounds, &group.outputs);
        }
        let files = settings
            .file_group_settings
            .as_ref()
            .ok_or_else(|| refuse("the output group has no settings"))?;
        let outputs = group
            .outputs
            .iter()
            .map(|output| self.file(&files.destination, output));
        outputs.collect::<Result<_, _>>().map(Group::Files)
    }

    fn file(&mut self, destination: &Location, output: &Output) -> Result<FileOutput, JobError> {
        let mut location = self.base(destination);
        location
            .key
            .push_str(output.name_modifier.as_deref().unwrap_or_default());
        let stills =
            output
                .video_description
                .as_ref()
                .and_then(|video| match &video.codec_settings {
                    VideoCodecSettings::FrameCapture { settings } => Some((video, settings)),
                    VideoCodecSettings::H264 { .. } => None,
                });
        if let Some((video, settings)) = stills {
            let capture = self.capture(video, settings)?;
            let extension = output.extension.clone().unwrap_or_else(|| "jpg".to_owned());
            return Ok(FileOutput::Stills {
                location,
                extension,
                capture,
            });
        }
        let is_raw = output
            .container_settings
            .as_ref()
            .is_some_and(|settings| settings.container == ContainerType::Raw);
        let extension = output
            .extension
            .as_deref()
            .unwrap_or(if is_raw { "aac" } else { "mp4" });
        location.key = format!("{}.{extension}", location.key);
        let video = output
            .video_description
            .as_ref()
            .map(|video| self.video(video))
            .transpose()?;
        let audios = self.audios(&output.audio_descriptions)?;
        if video.is_none() && audios.is_empty() {
            return Err(refuse(format!(
                "the output {location} wants sound only, and the input has none"
            )));
        }
        Ok(FileOutput::Media {
            location,
            video,
            audios,
            is_raw,
        })
    }

    fn stream(
        &mut self,
        settings: &CmafGroupSettings,
        bounds: Option<AutomatedAbr>,
        outputs: &[Output],
    ) -> Result<Group, JobError> {
        let location = self.base(&settings.destination);
        let base = location
            .key
            .rsplit('/')
            .next()
            .unwrap_or_default()
            .to_owned();
        let mut tracks = Vec::new();
        for output in outputs {
            let name = format!(
                "{base}{}",
                output.name_modifier.as_deref().unwrap_or_default()
            );
            let encode = match &output.video_description {
                Some(video) => {
                    if let Some(bounds) = bounds {
                        tracks.extend(self.automated(&name, video, bounds)?);
                        continue;
                    }
                    Some(Encode::Video(self.video(video)?))
                }
                None => self
                    .audios(&output.audio_descriptions)?
                    .first()
                    .copied()
                    .map(Encode::Audio),
            };
            let container = output.container_settings.as_ref();
            let audio_group = container
                .and_then(|settings| settings.cmfc_settings.as_ref()?.audio_group_id.clone());
            // A source without sound simply has no sound stream.
            let track = |encode| StreamTrack {
                name,
                encode,
                audio_group,
            };
            tracks.extend(encode.map(track));
        }
        if tracks.is_empty() {
            return Err(refuse(format!(
                "the stream {location} has no tracks: the input has no sound"
            )));
        }
        Ok(Group::Stream(Box::new(StreamGroup {
            location,
            segment_seconds: settings.segment_length.unwrap_or(DEFAULT_SEGMENT_SECONDS),
            fragment_seconds: settings.fragment_length,
            min_buffer_ms: settings.min_buffer_time,
            hls: settings.write_hls_manifest,
            dash: settings.write_dash_manifest,
            tracks,
        })))
    }

    /// A destination that ends in a slash takes the input's name.
    fn base(&self, destination: &Location) -> Location {
        let mut location = destination.clone();
        if location.key.ends_with('/') {
            let name = self
                .input
                .file_input
                .key
                .rsplit('/')
                .next()
                .unwrap_or_default();
            location
                .key
                .push_str(name.rsplit_once('.').map_or(name, |(stem, _)| stem));
        }
        location
    }

    fn picture(&self, video: &VideoDescription) -> Result<(Picture, &Stream), JobError> {
        let stream = self
            .video
            .ok_or_else(|| refuse("the output wants pictures, and the input has no video track"))?;
        let picture = fit(stream, self.plan.rotate, video)
            .ok_or_else(|| refuse("the input's video track has no size"))?;
        Ok((picture, stream))
    }

    fn video(&mut self, video: &VideoDescription) -> Result<usize, JobError> {
        let VideoCodecSettings::H264 { settings } = &video.codec_settings else {
            return Err(refuse(
                "frame captures have an output of their own in a file group",
            ));
        };
        let (picture, stream) = self.picture(video)?;
        let frame_rate = frame_rate(settings, stream);
        let (average_bitrate, max_bitrate) = bitrates(settings)?;
        let encode = VideoEncode {
            picture,
            frame_rate,
            gop_frames: gop_frames(settings, frame_rate),
            average_bitrate,
            max_bitrate,
            buffer_bits: settings
                .hrd_buffer_size
                .unwrap_or_else(|| max_bitrate.saturating_mul(2)),
            profile: settings.codec_profile,
        };
        Ok(index_of(&mut self.plan.videos, encode))
    }

    /// Streams of the renditions that the service chooses, numbered.
    fn automated(
        &mut self,
        name: &str,
        video: &VideoDescription,
        bounds: AutomatedAbr,
    ) -> Result<Vec<StreamTrack>, JobError> {
        let VideoCodecSettings::H264 { settings } = &video.codec_settings else {
            return Err(refuse("automated renditions are encoded as H.264"));
        };
        let (picture, stream) = self.picture(video)?;
        let own = own(stream, self.plan.rotate).unwrap_or(picture);
        let frame_rate = frame_rate(settings, stream);
        let chosen = renditions(bounds, picture.no_larger_than(own), frame_rate);
        let tracks = (1_usize..).zip(chosen).map(|(number, (picture, bitrate))| {
            let encode = VideoEncode {
                picture,
                frame_rate,
                gop_frames: gop_frames(settings, frame_rate),
                average_bitrate: bitrate,
                max_bitrate: bitrate.saturating_mul(3) / 2,
                buffer_bits: bitrate.saturating_mul(2),
                profile: settings.codec_profile,
            };
            StreamTrack {
                name: format!("{name}_{number}"),
                encode: Encode::Video(index_of(&mut self.plan.videos, encode)),
                audio_group: None,
            }
        });
        Ok(tracks.collect())
    }

    fn capture(
        &mut self,
        video: &VideoDescription,
        settings: &FrameCaptureSettings,
    ) -> Result<usize, JobError> {
        let (picture, _) = self.picture(video)?;
        let rate = Ratio {
            numerator: settings.framerate_numerator.unwrap_or(1).max(1),
            denominator: settings.framerate_denominator.unwrap_or(1).max(1),
        };
        let (max_count, quality) = (
            settings.max_captures.unwrap_or(10_000_000),
            settings.quality.unwrap_or(80),
        );
        Ok(index_of(
            &mut self.plan.captures,
            Capture {
                picture,
                rate,
                max_count,
                quality,
            },
        ))
    }

    /// The sound tracks that the source has; the others are left out, as the service does.
    fn audios(&mut self, descriptions: &[AudioDescription]) -> Result<Vec<usize>, JobError> {
        let mut indexes = Vec::new();
        for description in descriptions {
            let Some(stream) = self.selected(description)? else {
                continue;
            };
            let AudioCodecSettings::Aac { settings } = &description.codec_settings;
            let channels = match settings.coding_mode {
                CodingMode::Mono => 1,
                CodingMode::Stereo => 2,
                CodingMode::Surround => 6,
            };
            let encode = AudioEncode {
                stream,
                bitrate: settings.bitrate,
                sample_rate: settings.sample_rate,
                channels,
                loudness: description.audio_normalization_settings.and_then(loudness),
            };
            indexes.push(index_of(&mut self.plan.audios, encode));
        }
        Ok(indexes)
    }

    fn selected(&self, description: &AudioDescription) -> Result<Option<u32>, JobError> {
        let selectors = &self.input.audio_selectors;
        let is_default = |selector: &&AudioSelector| {
            selector.default_selection == Some(DefaultSelection::Default)
        };
        let selector = match &description.audio_source_name {
            Some(name) => Some(
                selectors
                    .get(name)
                    .ok_or_else(|| refuse(format!("there is no audio selector {name:?}")))?,
            ),
            None => selectors
                .values()
                .find(is_default)
                .or_else(|| selectors.values().next()),
        };
        let track = selector
            .and_then(|selector| selector.tracks.first().copied())
            .unwrap_or(1);
        let streams = self.source.tracks(TrackType::Audio);
        Ok(streams
            .map(|stream| stream.index)
            .nth(track.saturating_sub(1)))
    }
}

/// `MediaConvert` chooses its target by EBU R 128 where none is given.
fn loudness(settings: AudioNormalization) -> Option<Loudness> {
    let is_corrected = settings.algorithm_control == LoudnessControl::CorrectAudio;
    is_corrected.then(|| Loudness {
        target: settings.target_lkfs.unwrap_or(BROADCAST_LOUDNESS),
        gate: settings
            .correction_gate_level
            .map_or(LEAST_LOUDNESS, f64::from),
        peak: settings.true_peak_limiter_threshold.unwrap_or_default(),
    })
}

fn index_of<T: PartialEq>(items: &mut Vec<T>, item: T) -> usize {
    items
        .iter()
        .position(|known| *known == item)
        .unwrap_or_else(|| {
            items.push(item);
            items.len() - 1
        })
}
