//! From a plan to the arguments of the run of ffmpeg that decodes the source once and encodes every distinct stream once,
//! each into a file of its own. Pure.

use std::ffi::OsString;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use super::codec::CodecProfile;
use super::geometry::Picture;
use super::loudness::{self, Correction};
use super::plan::{AudioEncode, Capture, Colours, Plan, VideoEncode};
use super::settings::Rotate;
use super::workspace::{STILL_DIGITS, Workspace};
use crate::ffmpeg::DEMUXERS;

/// Luminance in cd/m² that becomes white where nothing is brighter.
const REFERENCE_WHITE: u32 = 100;

/// Arguments as they grow.
#[derive(Default)]
pub struct Arguments(pub Vec<OsString>);

impl Arguments {
    /// Adds words.
    pub fn add<const N: usize>(&mut self, words: [&str; N]) -> &mut Self {
        self.0.extend(words.map(OsString::from));
        self
    }

    /// Adds a path.
    pub fn path(&mut self, path: PathBuf) -> &mut Self {
        self.0.push(path.into_os_string());
        self
    }
}

/// The run that encodes, the sounds with their corrections.
pub fn encode(
    plan: &Plan,
    corrections: &[Option<Correction>],
    source: &Path,
    workspace: &Workspace,
) -> Vec<OsString> {
    let mut arguments = Arguments::default();
    arguments.add(["-v", "error", "-format_whitelist", DEMUXERS]);
    if plan.rotate != Rotate::Auto {
        arguments.add(["-noautorotate"]);
    }
    arguments.add(["-i"]).path(source.to_owned());
    if let Some(graph) = filter_graph(plan) {
        arguments.add(["-filter_complex", &graph]);
    }
    for (index, video) in plan.videos.iter().enumerate() {
        encode_video(&mut arguments, index, video);
        arguments.path(workspace.video(index));
    }
    for (index, capture) in plan.captures.iter().enumerate() {
        encode_stills(&mut arguments, index, capture);
        arguments.path(
            workspace
                .stills(index)
                .join(format!("%0{STILL_DIGITS}d.jpg")),
        );
    }
    for (index, audio) in plan.audios.iter().enumerate() {
        let correction = corrections.get(index).copied().flatten();
        encode_audio(&mut arguments, audio, correction);
        arguments.path(workspace.audio(index));
    }
    arguments.0
}

/// One decoded source split for all who need pictures.
fn filter_graph(plan: &Plan) -> Option<String> {
    let stream = plan.video_stream?;
    let mut graph = format!(
        "[0:{stream}]{}split={}",
        preparation(plan),
        plan.videos.len() + plan.captures.len()
    );
    for index in 0..plan.videos.len() {
        let _ = write!(graph, "[sv{index}]");
    }
    for index in 0..plan.captures.len() {
        let _ = write!(graph, "[sc{index}]");
    }
    for (index, video) in plan.videos.iter().enumerate() {
        let rate = video.frame_rate;
        let scale = scale(video.picture);
        // Starting at zero, by repeating the first picture where the video begins after the sound.
        let _ = write!(
            graph,
            ";[sv{index}]fps={}/{}:start_time=0,{scale},format=yuv420p[v{index}]",
            rate.numerator, rate.denominator
        );
    }
    for (index, capture) in plan.captures.iter().enumerate() {
        let interval = 1.0 / capture.rate.value();
        let scale = scale(capture.picture);
        let _ = write!(
            graph,
            ";[sc{index}]select='gte(t,selected_n*{interval})',{scale},format=yuvj420p[c{index}]"
        );
    }
    Some(graph)
}

/// What is done once for all who need pictures.
fn preparation(plan: &Plan) -> String {
    let mut filters = String::new();
    if plan.is_deinterlaced {
        // Only what is marked as interlaced; a picture for a picture.
        filters.push_str("bwdif=mode=send_frame:deint=interlaced,");
    }
    filters.push_str(match plan.rotate {
        Rotate::Auto | Rotate::None => "",
        Rotate::Right => "transpose=clock,",
        Rotate::Over => "hflip,vflip,",
        Rotate::Left => "transpose=cclock,",
    });
    let pictures = plan.videos.iter().map(|video| video.picture);
    let pictures = pictures.chain(plan.captures.iter().map(|capture| capture.picture));
    let largest = pictures.max_by_key(|picture| picture.inner_width);
    if let (Some(conversion), Some(picture)) = (conversion(plan.colours), largest) {
        // Arithmetic of colours is slow: not on more pixels than are wanted.
        let _ = write!(filters, "{},{conversion},", scale(picture));
    }
    if let Some(padding) = plan.padding {
        let rate = padding.frame_rate;
        let _ = write!(
            filters,
            "setpts=PTS-STARTPTS,fps={}/{},tpad=start_duration={}:stop_duration={}:color=black,",
            rate.numerator, rate.denominator, padding.before_seconds, padding.after_seconds
        );
    }
    filters
}

/// Filters that bring colours to ITU 709.
fn conversion(colours: Colours) -> Option<String> {
    let from = |transfer: &str| {
        format!(
            "zscale=pin=bt2020:tin={transfer}:min=bt2020nc:t=linear:npl={REFERENCE_WHITE},format=gbrpf32le,\
             zscale=p=bt709,tonemap=hable:desat=0,zscale=t=bt709:m=bt709:r=tv,format=yuv420p"
        )
    };
    match colours {
        Colours::Kept => None,
        Colours::Narrowed => Some(
            "zscale=pin=bt2020:tin=bt709:min=bt2020nc:p=bt709:t=bt709:m=bt709:r=tv,format=yuv420p"
                .to_owned(),
        ),
        Colours::FromPq => Some(from("smpte2084")),
        Colours::FromHlg => Some(from("arib-std-b67")),
    }
}

fn scale(picture: Picture) -> String {
    let Picture {
        width,
        height,
        inner_width,
        inner_height,
    } = picture;
    let scale = format!("scale={inner_width}:{inner_height}:flags=bilinear");
    if (width, height) == (inner_width, inner_height) {
        format!("{scale},setsar=1")
    } else {
        format!("{scale},pad={width}:{height}:-1:-1,setsar=1")
    }
}

/// A local choice of speed over size. Processor seconds for 25 s of 1080p with rungs of 1080, 720, 540 and 360 lines:
/// 13 s with these, 18 s with a step slower each; at the same bit rates the difference is hard to see.
fn preset(picture: Picture) -> &'static str {
    match picture.width.min(picture.height) {
        ..=400 => "superfast",
        _ => "ultrafast",
    }
}

fn encode_video(arguments: &mut Arguments, index: usize, video: &VideoEncode) {
    let profile = match video.profile {
        CodecProfile::Baseline => "baseline",
        CodecProfile::Main => "main",
        CodecProfile::High => "high",
    };
    let (gop, average) = (
        video.gop_frames.to_string(),
        video.average_bitrate.to_string(),
    );
    let (max, buffer) = (video.max_bitrate.to_string(), video.buffer_bits.to_string());
    arguments
        .add([
            "-map",
            &format!("[v{index}]"),
            "-c:v",
            "libx264",
            "-preset",
            preset(video.picture),
            "-profile:v",
            profile,
        ])
        // Key frames at the same times on all rungs, so that segments are aligned.
        .add(["-g", &gop, "-keyint_min", &gop, "-sc_threshold", "0"])
        // Pictures in the order of display: decoding begins at time zero, without edit lists that DASH players skip.
        .add([
            "-bf", "0", "-b:v", &average, "-maxrate", &max, "-bufsize", &buffer,
        ])
        .add(["-map_metadata", "-1", "-map_chapters", "-1"]);
}

fn encode_stills(arguments: &mut Arguments, index: usize, capture: &Capture) {
    // ffmpeg's scale for JPEG is 2 (best) to 31.
    let quality = (2 + (100 - capture.quality.clamp(1, 100)) * 29 / 99).to_string();
    arguments
        .add([
            "-map",
            &format!("[c{index}]"),
            "-fps_mode",
            "vfr",
            "-frames:v",
            &capture.max_count.to_string(),
        ])
        .add(["-q:v", &quality, "-f", "image2", "-start_number", "0"]);
}

fn encode_audio(arguments: &mut Arguments, audio: &AudioEncode, correction: Option<Correction>) {
    let bitrate = audio.bitrate.to_string();
    let level = correction.map(|one| loudness::filters(one, audio.sample_rate));
    let filters = loudness::conversion(audio) + &level.unwrap_or_default();
    arguments
        .add(["-map", &format!("0:{}", audio.stream), "-af", &filters])
        .add([
            "-c:a",
            "aac",
            "-b:a",
            &bitrate,
            "-map_metadata",
            "-1",
            "-map_chapters",
            "-1",
        ]);
}
