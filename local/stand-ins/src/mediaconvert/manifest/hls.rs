//! HLS playlists.

use std::fmt::Write;

use super::{Kind, Track};
use crate::mediaconvert::workspace::INIT_EXTENSION;

/// The HLS playlist of one stream.
pub fn media_playlist(track: &Track<'_>) -> String {
    let longest = track
        .segments
        .iter()
        .map(|segment| segment.seconds)
        .fold(0.0, f64::max);
    let mut text = format!(
        "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:{}\n#EXT-X-MEDIA-SEQUENCE:1\n#EXT-X-PLAYLIST-TYPE:VOD\n#EXT-X-INDEPENDENT-SEGMENTS\n#EXT-X-MAP:URI=\"{}init.{INIT_EXTENSION}\"\n",
        // A segment may be up to half a second longer than this (RFC 8216, 4.3.3.1).
        longest.round().max(1.0),
        track.name
    );
    for segment in &track.segments {
        let _ = writeln!(text, "#EXTINF:{:.6},\n{}", segment.seconds, segment.name);
    }
    text.push_str("#EXT-X-ENDLIST\n");
    text
}

/// The HLS multivariant playlist: sound beside pictures is a group of alternatives, sound alone a variant.
pub fn multivariant_playlist(tracks: &[Track<'_>]) -> String {
    let mut text = "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-INDEPENDENT-SEGMENTS\n".to_owned();
    let is_sound = |track: &&Track<'_>| matches!(track.kind, Kind::Audio(_));
    let sounds: Vec<&Track<'_>> = tracks.iter().filter(is_sound).collect();
    if sounds.len() == tracks.len() {
        for track in sounds {
            variant(&mut text, track, None);
        }
        return text;
    }
    for (index, track) in sounds.iter().enumerate() {
        let Kind::Audio(audio) = track.kind else {
            continue;
        };
        let is_default = if index == 0 { "YES" } else { "NO" };
        let (group, name) = (track.audio_group, track.name);
        let _ = writeln!(
            text,
            "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"{group}\",NAME=\"{name}\",DEFAULT={is_default},AUTOSELECT=YES,\
             CHANNELS=\"{}\",URI=\"{name}.m3u8\"",
            audio.channels
        );
    }
    for track in tracks.iter().filter(|track| !is_sound(track)) {
        variant(&mut text, track, sounds.first().copied());
    }
    text
}

/// A variant: its own rate and codec, and those of the sound that goes with it.
fn variant(text: &mut String, track: &Track<'_>, sound: Option<&Track<'_>>) {
    let tracks = || [track].into_iter().chain(sound);
    let peak: u64 = tracks().map(Track::peak_bandwidth).sum();
    let average: u64 = tracks().map(Track::average_bandwidth).sum();
    let codecs: Vec<&str> = tracks().map(|track| track.codec.as_str()).collect();
    let codecs = codecs.join(",");
    let _ = write!(
        text,
        "#EXT-X-STREAM-INF:BANDWIDTH={peak},AVERAGE-BANDWIDTH={average},CODECS=\"{codecs}\""
    );
    if let Kind::Video(video) = track.kind {
        let (width, height, rate) = (
            video.picture.width,
            video.picture.height,
            video.frame_rate.value(),
        );
        let _ = write!(text, ",RESOLUTION={width}x{height},FRAME-RATE={rate:.3}");
    }
    if let Some(sound) = sound {
        let _ = write!(text, ",AUDIO=\"{}\"", sound.audio_group);
    }
    let _ = writeln!(text, "\n{}.m3u8", track.name);
}
