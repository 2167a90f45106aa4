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

/// The HLS multivariant playlist.
pub fn multivariant_playlist(tracks: &[Track<'_>]) -> String {
    let mut text = "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-INDEPENDENT-SEGMENTS\n".to_owned();
    let sounds: Vec<&Track<'_>> = tracks
        .iter()
        .filter(|track| matches!(track.kind, Kind::Audio(_)))
        .collect();
    let has_pictures = sounds.len() < tracks.len();
    for (index, track) in sounds.iter().enumerate() {
        let Kind::Audio(audio) = track.kind else {
            continue;
        };
        let is_first = if index == 0 { "YES" } else { "NO" };
        if has_pictures {
            let _ = writeln!(
                text,
                "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"{}\",NAME=\"{}\",DEFAULT={is_first},AUTOSELECT=YES,CHANNELS=\"{}\",URI=\"{}.m3u8\"",
                track.audio_group, track.name, audio.channels, track.name
            );
        } else {
            let (peak, average) = (track.peak_bandwidth(), track.average_bandwidth());
            let _ = writeln!(
                text,
                "#EXT-X-STREAM-INF:BANDWIDTH={peak},AVERAGE-BANDWIDTH={average},CODECS=\"{}\"",
                track.codec
            );
            let _ = writeln!(text, "{}.m3u8", track.name);
        }
    }
    let sound = sounds.first();
    for track in tracks {
        let Kind::Video(video) = track.kind else {
            continue;
        };
        let peak = track.peak_bandwidth() + sound.map_or(0, |sound| sound.peak_bandwidth());
        let average =
            track.average_bandwidth() + sound.map_or(0, |sound| sound.average_bandwidth());
        let codecs = sound.map_or_else(
            || track.codec.clone(),
            |sound| format!("{},{}", track.codec, sound.codec),
        );
        let (width, height, rate) = (
            video.picture.width,
            video.picture.height,
            video.frame_rate.value(),
        );
        let _ = write!(
            text,
            "#EXT-X-STREAM-INF:BANDWIDTH={peak},AVERAGE-BANDWIDTH={average},CODECS=\"{codecs}\",RESOLUTION={width}x{height},FRAME-RATE={rate:.3}"
        );
        if let Some(sound) = sound {
            let _ = write!(text, ",AUDIO=\"{}\"", sound.audio_group);
        }
        let _ = writeln!(text, "\n{}.m3u8", track.name);
    }
    text
}
