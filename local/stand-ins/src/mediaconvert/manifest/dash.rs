//! The DASH manifest.

use std::fmt::Write;

use super::{Kind, Segment, Track};
use crate::mediaconvert::plan::StreamGroup;
use crate::mediaconvert::workspace::{INIT_EXTENSION, SEGMENT_DIGITS, SEGMENT_EXTENSION};

/// Units of a second in the DASH manifest.
const TIMESCALE: u32 = 1_000_000;
/// What a player buffers before it begins, unless the settings say otherwise: `MediaConvert`'s usual half minute.
const MIN_BUFFER_MS: u32 = 30_000;

/// The DASH manifest. It names its own folder as the base, which is what no base would mean too: ffmpeg's reader needs it
/// to be told when it opens the manifest by a relative path.
pub fn manifest(group: &StreamGroup, tracks: &[Track<'_>]) -> String {
    let seconds = tracks.iter().map(Track::seconds).fold(0.0, f64::max);
    let buffer = f64::from(group.min_buffer_ms.unwrap_or(MIN_BUFFER_MS)) / 1000.0;
    let mut text = format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" profiles="urn:mpeg:dash:profile:isoff-live:2011" minBufferTime="PT{buffer}S" mediaPresentationDuration="PT{seconds:.3}S">
  <BaseURL>./</BaseURL>
  <Period id="1" start="PT0S" duration="PT{seconds:.3}S">
"#
    );
    let is_video = |track: &&Track<'_>| matches!(track.kind, Kind::Video(_));
    let videos: Vec<&Track<'_>> = tracks.iter().filter(is_video).collect();
    if !videos.is_empty() {
        adaptation_set(
            &mut text,
            r#"mimeType="video/mp4" startWithSAP="1""#,
            &videos,
        );
    }
    // Each sound track is a choice of its own, not a quality of the same.
    for sound in tracks.iter().filter(|track| !is_video(track)) {
        adaptation_set(
            &mut text,
            r#"mimeType="audio/mp4" startWithSAP="1""#,
            &[sound],
        );
    }
    text.push_str("  </Period>\n</MPD>\n");
    text
}

fn adaptation_set(text: &mut String, attributes: &str, tracks: &[&Track<'_>]) {
    let _ = writeln!(
        text,
        "    <AdaptationSet {attributes} segmentAlignment=\"true\">"
    );
    for track in tracks {
        let details = match track.kind {
            Kind::Video(video) => {
                let (picture, rate) = (video.picture, video.frame_rate);
                let (width, height) = (picture.width, picture.height);
                let rate = format!("frameRate=\"{}/{}\"", rate.numerator, rate.denominator);
                format!("width=\"{width}\" height=\"{height}\" {rate} sar=\"1:1\"")
            }
            Kind::Audio(audio) => format!("audioSamplingRate=\"{}\"", audio.sample_rate),
        };
        let (name, codec, bandwidth) =
            (escaped(track.name), &track.codec, track.average_bandwidth());
        let _ = writeln!(
            text,
            r#"      <Representation id="{name}" bandwidth="{bandwidth}" codecs="{codec}" {details}>"#
        );
        if let Kind::Audio(audio) = track.kind {
            let scheme = "urn:mpeg:dash:23003:3:audio_channel_configuration:2011";
            let channels = audio.channels;
            let _ = writeln!(
                text,
                r#"        <AudioChannelConfiguration schemeIdUri="{scheme}" value="{channels}"/>"#
            );
        }
        let init = format!("{name}init.{INIT_EXTENSION}");
        let media = format!("{name}_$Number%0{SEGMENT_DIGITS}d$.{SEGMENT_EXTENSION}");
        let _ = writeln!(
            text,
            r#"        <SegmentTemplate timescale="{TIMESCALE}" initialization="{init}" media="{media}" startNumber="1">"#
        );
        timeline(text, &track.segments);
        text.push_str("        </SegmentTemplate>\n      </Representation>\n");
    }
    text.push_str("    </AdaptationSet>\n");
}

fn timeline(text: &mut String, segments: &[Segment]) {
    text.push_str("          <SegmentTimeline>\n");
    for (index, segment) in segments.iter().enumerate() {
        let start = if index == 0 { "t=\"0\" " } else { "" };
        let units = (segment.seconds * f64::from(TIMESCALE)).round();
        let _ = writeln!(text, "            <S {start}d=\"{units}\"/>");
    }
    text.push_str("          </SegmentTimeline>\n");
}

fn escaped(name: &str) -> String {
    name.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('"', "&quot;")
}
