//! The API model's words for what ffprobe says.

use serde_json::Value;

use crate::media_file::{MediaFile, Stream};

/// Container format in the API model's words.
pub fn format(media: &MediaFile, signature: &[u8]) -> Option<&'static str> {
    let brand = media
        .format
        .tags
        .get("major_brand")
        .and_then(Value::as_str)
        .unwrap_or_default();
    Some(match media.format.format_name.as_str() {
        "mov,mp4,m4a,3gp,3g2,mj2" => match brand {
            "qt  " => "quicktime",
            _ if brand.starts_with("3gp") => "three_gp",
            _ if brand.starts_with("3g2") => "three_g2",
            _ => "mp4",
        },
        "matroska,webm" if signature.windows(4).any(|word| word == b"webm") => "webm",
        "matroska,webm" => "matroska",
        "avi" => "avi",
        "mpegts" => "mpegts",
        "mpeg" => "mpegps",
        "mxf" => "mxf",
        "wav" => "wave",
        "mp3" => "mp3",
        "flac" => "flac",
        "asf" => "asf",
        "ogg" => "ogg",
        "aac" => "aac",
        "ac3" => "ac3",
        "eac3" => "eac3",
        _ => return None,
    })
}

/// Media type of a container.
pub fn mime_type(format: &str, has_video: bool) -> String {
    let kind = if has_video { "video" } else { "audio" };
    match format {
        "quicktime" => "video/quicktime".to_owned(),
        "matroska" => format!("{kind}/x-matroska"),
        "avi" => "video/x-msvideo".to_owned(),
        "mpegts" => "video/mp2t".to_owned(),
        "mpegps" => "video/mpeg".to_owned(),
        "mxf" => "application/mxf".to_owned(),
        "wave" => "audio/wav".to_owned(),
        "mp3" => "audio/mpeg".to_owned(),
        "asf" => "video/x-ms-asf".to_owned(),
        "three_gp" => format!("{kind}/3gpp"),
        "three_g2" => format!("{kind}/3gpp2"),
        other => format!("{kind}/{other}"),
    }
}

/// Codec in the API model's words.
pub fn codec(name: &str) -> &'static str {
    match name {
        "aac" => "AAC",
        "ac3" => "AC3",
        "amr_nb" | "amr_wb" => "AMR",
        "eac3" => "EAC3",
        "flac" => "FLAC",
        "mp2" => "MP2",
        "mp3" => "MP3",
        "opus" => "OPUS",
        name if name.starts_with("pcm_") => "PCM",
        "vorbis" => "VORBIS",
        "wmav1" => "WMA",
        "wmav2" => "WMA2",
        "wmapro" => "WMAPRO",
        "av1" => "AV1",
        "h264" => "AVC",
        "dvvideo" => "DV",
        "h263" => "H263",
        "hevc" => "HEVC",
        "jpeg2000" => "JPEG2000",
        "mjpeg" => "MJPEG",
        "mpeg1video" => "MPEG1",
        "mpeg4" => "MP4V",
        "mpeg2video" => "MPEG2",
        "prores" => "PRORES",
        "qtrle" => "QTRLE",
        "theora" => "THEORA",
        "rawvideo" => "UNCOMPRESSED",
        "vc1" => "VC1",
        "dnxhd" => "VC3",
        "vp8" => "VP8",
        "vp9" => "VP9",
        "eia_608" => "C608",
        "webvtt" => "WEBVTT",
        _ => "UNKNOWN",
    }
}

/// Primaries, transfer and matrix in the API model's words.
pub fn colours(stream: &Stream) -> [Option<&'static str>; 3] {
    let word = |name: &Option<String>, table: &[(&str, &'static str)]| {
        let name = name.as_deref()?;
        table
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, word)| *word)
    };
    let primaries = [
        ("bt709", "ITU_709"),
        ("bt470bg", "ITU_470BG"),
        ("smpte170m", "SMPTE_170M"),
        ("bt2020", "ITU_2020"),
    ];
    let transfer = [
        ("bt709", "ITU_709"),
        ("smpte170m", "SMPTE_170M"),
        ("smpte2084", "SMPTE_2084"),
        ("arib-std-b67", "ARIB_B67"),
        ("bt2020-10", "ITU_2020_10bit"),
        ("bt2020-12", "ITU_2020_12bit"),
    ];
    let matrix = [
        ("bt709", "ITU_709"),
        ("bt470bg", "ITU_470BG"),
        ("smpte170m", "SMPTE_170M"),
        ("bt2020nc", "ITU_2020_NCL"),
    ];
    [
        word(&stream.color_primaries, &primaries),
        word(&stream.color_transfer, &transfer),
        word(&stream.color_space, &matrix),
    ]
}

/// Which half picture is shown first, of interlaced video.
pub fn field_order(order: &str) -> Option<&'static str> {
    match order {
        "tt" | "bt" => Some("TopFieldFirst"),
        "bb" | "tb" => Some("BottomFieldFirst"),
        _ => None,
    }
}

/// Chroma subsampling, `4:2:0`, of a pixel format of ffmpeg.
pub fn chroma_subsampling(pixel_format: &str) -> Option<&'static str> {
    [("420", "4:2:0"), ("422", "4:2:2"), ("444", "4:4:4")]
        .into_iter()
        .find_map(|(mark, name)| pixel_format.contains(mark).then_some(name))
}
