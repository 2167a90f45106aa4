//! HLS playlists (RFC 8216), as far as a player depends on them.

use super::Needed;

/// A multivariant playlist.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Master {
    /// Qualities to choose from.
    pub variants: Vec<Variant>,
    /// Media playlists besides them: sound, trick play.
    pub others: Vec<String>,
    /// What is wrong with it.
    pub faults: Vec<String>,
}

/// A quality.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variant {
    /// Its media playlist.
    pub uri: String,
    /// `<width>x<height>`; none for sound alone.
    pub resolution: Option<String>,
}

/// A media playlist.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Media {
    /// Files that it needs, each with the bytes of it that have to be there.
    pub files: Vec<Needed>,
    /// Sum of its segments.
    pub seconds: f64,
    /// What is wrong with it.
    pub faults: Vec<String>,
}

/// Reads a multivariant playlist.
pub fn master(text: &str) -> Master {
    let mut master = Master::default();
    if !text.starts_with("#EXTM3U") {
        master.faults.push("it does not begin with #EXTM3U".into());
    }
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    while let Some(line) = lines.next() {
        let Some(attributes) = line.strip_prefix("#EXT-X-STREAM-INF:") else {
            if line.starts_with("#EXT-X-") {
                master
                    .others
                    .extend(attribute(line, "URI").map(str::to_owned));
            }
            continue;
        };
        let Some(uri) = lines.find(|line| !line.starts_with('#')) else {
            master
                .faults
                .push("its last variant has no playlist".into());
            break;
        };
        let codecs = attribute(attributes, "CODECS").unwrap_or_default();
        let resolution = attribute(attributes, "RESOLUTION");
        if codecs.is_empty() {
            master.faults.push(format!("{uri} has no CODECS"));
        }
        // RFC 6381: sound alone is `mp4a` or the like; all else is picture, and says its size.
        let is_picture = codecs
            .split(',')
            .any(|codec| !codec.trim().starts_with("mp4a"));
        if is_picture && resolution.is_none() {
            master.faults.push(format!("{uri} has no RESOLUTION"));
        }
        if attribute(attributes, "BANDWIDTH").and_then(|rate| rate.parse().ok()) <= Some(0_u64) {
            master.faults.push(format!("{uri} has no BANDWIDTH"));
        }
        master.variants.push(Variant {
            uri: uri.to_owned(),
            resolution: resolution.map(str::to_owned),
        });
    }
    if master.variants.is_empty() {
        master.faults.push("it names no playlist".into());
    }
    master
}

/// Reads a media playlist.
pub fn media(text: &str) -> Media {
    let mut media = Media::default();
    let mut target = None;
    let (mut duration, mut range, mut longest) = (None, None, 0.0_f64);
    let (mut has_map, mut has_end, mut has_pictures_only) = (false, false, false);
    for line in text.lines().map(str::trim) {
        if let Some(value) = line.strip_prefix("#EXTINF:") {
            duration = value
                .split(',')
                .next()
                .and_then(|text| text.parse::<f64>().ok());
            if duration.is_none() {
                media.faults.push(format!("`{line}` has no duration"));
            }
        } else if let Some(value) = line.strip_prefix("#EXT-X-BYTERANGE:") {
            range = Some(value);
        } else if let Some(value) = line.strip_prefix("#EXT-X-TARGETDURATION:") {
            target = value.parse::<f64>().ok();
        } else if line.starts_with("#EXT-X-MAP:") {
            has_map = true;
            let uri = attribute(line, "URI").unwrap_or_default();
            let bytes = attribute(line, "BYTERANGE");
            media.need(uri, bytes);
        } else if line == "#EXT-X-ENDLIST" {
            has_end = true;
        } else if line == "#EXT-X-IMAGES-ONLY" {
            has_pictures_only = true;
        } else if !line.is_empty() && !line.starts_with('#') {
            media.need(line, range.take());
            match duration.take() {
                Some(seconds) => {
                    media.seconds += seconds;
                    longest = longest.max(seconds);
                }
                None => media.faults.push(format!("{line} has no #EXTINF")),
            }
        }
    }
    if media.files.is_empty() {
        media.faults.push("it names no segment".into());
    }
    if !has_map && !has_pictures_only {
        media
            .faults
            .push("it has no #EXT-X-MAP: no player can begin".into());
    }
    if !has_end {
        media
            .faults
            .push("it has no #EXT-X-ENDLIST: players wait for more".into());
    }
    match target {
        None => media.faults.push("it has no #EXT-X-TARGETDURATION".into()),
        // RFC 8216, 4.3.3.1: segments, rounded, are no longer than it.
        Some(target) if longest.round() > target => media.faults.push(format!(
            "a segment of {longest} seconds is longer than #EXT-X-TARGETDURATION:{target}"
        )),
        Some(_) => (),
    }
    media
}

impl Media {
    /// A file, and how many bytes of it a `length@offset` asks for: a range without offset goes on where the last one
    /// of the same file ended.
    fn need(&mut self, name: &str, range: Option<&str>) {
        let last = self.files.last().filter(|last| last.name == name);
        let before = last.map_or(0, |last| last.bytes);
        let bytes = range.and_then(|range| {
            let (length, offset) = match range.split_once('@') {
                Some((length, offset)) => (length, offset.parse().ok()?),
                None => (range, before),
            };
            length.parse::<u64>().ok()?.checked_add(offset)
        });
        self.files.push(Needed {
            name: name.to_owned(),
            bytes: bytes.unwrap_or(1),
        });
    }
}

/// Value of an attribute of a tag, quoted or not.
fn attribute<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let mut rest = line.split_once(':').map_or(line, |(tag, attributes)| {
        if tag.starts_with('#') {
            attributes
        } else {
            line
        }
    });
    while let Some((found, behind)) = rest.split_once('=') {
        let (value, others) = match behind.strip_prefix('"') {
            Some(quoted) => {
                let (value, others) = quoted.split_once('"')?;
                (value, others.strip_prefix(',').unwrap_or(others))
            }
            None => behind.split_once(',').unwrap_or((behind, "")),
        };
        if found.trim() == name {
            return Some(value);
        }
        rest = others;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const MASTER: &str = "#EXTM3U\r\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",URI=\"sound.m3u8\"\r\n\
        #EXT-X-STREAM-INF:BANDWIDTH=9,AVERAGE-BANDWIDTH=8,CODECS=\"avc1.42c01f,mp4a.40.2\",RESOLUTION=1280x720\r\n720p.m3u8\r\n";
    const MEDIA: &str = "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-MAP:URI=\"init.mp4\"\n#EXTINF:4.0,\na.m4s\n\
        #EXTINF:1.5,\nb.m4s\n#EXT-X-ENDLIST\n";

    fn check_master(text: &str, faults: &[&str]) {
        assert_eq!(master(text).faults, faults, "{text}");
    }

    #[test]
    fn qualities_say_what_they_are() {
        let read = master(MASTER);
        assert_eq!(read.others, ["sound.m3u8"]);
        let expected = Variant {
            uri: "720p.m3u8".into(),
            resolution: Some("1280x720".into()),
        };
        assert_eq!(read.variants, [expected]);
        check_master(MASTER, &[]);
        check_master(
            "",
            &["it does not begin with #EXTM3U", "it names no playlist"],
        );
        check_master(
            &MASTER.replace(",RESOLUTION=1280x720", ""),
            &["720p.m3u8 has no RESOLUTION"],
        );
        check_master(
            &MASTER.replace("CODECS=\"avc1.42c01f,mp4a.40.2\",", ""),
            &["720p.m3u8 has no CODECS"],
        );
        check_master(
            &MASTER.replace(":BANDWIDTH=9,", ":"),
            &["720p.m3u8 has no BANDWIDTH"],
        );
        // Sound alone has no size.
        let sound = "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1,CODECS=\"mp4a.40.2\"\na.m3u8\n";
        check_master(sound, &[]);
        let cut = "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n";
        check_master(
            cut,
            &["its last variant has no playlist", "it names no playlist"],
        );
    }

    fn check_media(text: &str, faults: &[&str]) {
        assert_eq!(media(text).faults, faults, "{text}");
    }

    #[test]
    fn playlists_can_be_played() {
        let read = media(MEDIA);
        assert_eq!(format!("{:.1}", read.seconds), "5.5");
        let names: Vec<&str> = read.files.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(names, ["init.mp4", "a.m4s", "b.m4s"]);
        check_media(MEDIA, &[]);
        check_media(
            &MEDIA.replace("#EXT-X-ENDLIST\n", ""),
            &["it has no #EXT-X-ENDLIST: players wait for more"],
        );
        check_media(
            &MEDIA.replace("#EXT-X-MAP:URI=\"init.mp4\"\n", ""),
            &["it has no #EXT-X-MAP: no player can begin"],
        );
        check_media(
            &MEDIA.replace("#EXT-X-TARGETDURATION:4\n", ""),
            &["it has no #EXT-X-TARGETDURATION"],
        );
        check_media(&MEDIA.replace("4.0", "4.49"), &[]);
        check_media(
            &MEDIA.replace("4.0", "4.5"),
            &["a segment of 4.5 seconds is longer than #EXT-X-TARGETDURATION:4"],
        );
        check_media(
            &MEDIA.replace("#EXTINF:1.5,\n", ""),
            &["b.m4s has no #EXTINF"],
        );
        let odd = MEDIA.replace("#EXTINF:1.5", "#EXTINF:x");
        check_media(
            &odd,
            &["`#EXTINF:x,` has no duration", "b.m4s has no #EXTINF"],
        );
    }

    #[test]
    fn ranges_need_their_bytes() {
        let text = MEDIA
            .replace("init.mp4\"", "all.mp4\",BYTERANGE=\"100@0\"")
            .replace("a.m4s", "#EXT-X-BYTERANGE:50@100\nall.mp4")
            .replace("b.m4s", "#EXT-X-BYTERANGE:7\nall.mp4");
        let read = media(&text);
        let bytes: Vec<u64> = read.files.iter().map(|one| one.bytes).collect();
        assert_eq!(bytes, [100, 150, 157]);
    }
}
