//! HLS and DASH manifests, as far as telling which files they need.

use crate::renditions::Variant;

/// Names of files that an HLS playlist needs: its variants or segments, and what `URI="…"` attributes name.
pub fn hls_references(playlist: &str) -> Vec<String> {
    let mut names = Vec::new();
    for line in playlist
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
    {
        if line.starts_with('#') {
            names.extend(attribute(line, "URI").map(str::to_owned));
        } else {
            names.push(line.to_owned());
        }
    }
    distinct(names)
}

/// The renditions that an HLS master playlist offers, highest first. Those without a picture are none.
pub fn hls_variants(playlist: &str) -> Vec<Variant> {
    let streams = playlist
        .lines()
        .filter_map(|line| line.trim().strip_prefix("#EXT-X-STREAM-INF:"));
    let variant = |attributes: &str| {
        let value = |name: &str| attributes.split(',').find_map(|one| one.strip_prefix(name));
        let (width, height) = value("RESOLUTION=")?.split_once('x')?;
        Some(Variant {
            height: height.parse().ok()?,
            width: width.parse().ok()?,
            bitrate: value("BANDWIDTH=")?.parse().ok()?,
        })
    };
    let mut variants: Vec<Variant> = streams.filter_map(variant).collect();
    variants.sort_by_key(|one| std::cmp::Reverse((one.height, one.bitrate)));
    variants
}

/// Names of initialisation files that a DASH manifest needs, for every representation.
pub fn dash_references(manifest: &str) -> Vec<String> {
    let mut names = Vec::new();
    for adaptation in manifest.split("<AdaptationSet").skip(1) {
        let shared = adaptation
            .split("<Representation")
            .next()
            .and_then(|head| attribute(head, "initialization"));
        for representation in adaptation.split("<Representation").skip(1) {
            let id = attribute(representation, "id").unwrap_or_default();
            let template = attribute(representation, "initialization").or(shared);
            names.extend(template.map(|template| template.replace("$RepresentationID$", id)));
            let base = representation
                .split_once("<BaseURL>")
                .and_then(|(_, rest)| rest.split_once("</BaseURL>"));
            names.extend(base.map(|(url, _)| url.trim().to_owned()));
        }
    }
    distinct(names)
}

/// Value of ` name="…"` or `,name="…"` or `:name="…"`.
fn attribute<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let mut rest = text;
    while let Some(at) = rest.find(name) {
        let before = rest.get(..at).and_then(|before| before.chars().next_back());
        rest = rest.get(at + name.len()..)?;
        let is_whole = before.is_none_or(|mark| mark.is_whitespace() || mark == ',' || mark == ':');
        if let (true, Some(value)) = (is_whole, rest.strip_prefix("=\"")) {
            return value.split('"').next();
        }
    }
    None
}

fn distinct(mut names: Vec<String>) -> Vec<String> {
    names.sort();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_hls() {
        let check = |text: &str, expected: &[&str]| assert_eq!(hls_references(text), expected);
        check(
            "#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",URI=\"index_audio.m3u8\"\n#EXT-X-STREAM-INF:BANDWIDTH=1\nindex_720p.m3u8\n",
            &["index_720p.m3u8", "index_audio.m3u8"],
        );
        check(
            "#EXTM3U\r\n#EXT-X-MAP:URI=\"init.mp4\"\r\n#EXTINF:4.0,\r\na.m4s\r\n#EXTINF:4,\r\na.m4s\r\n",
            &["a.m4s", "init.mp4"],
        );
        check("#EXTM3U\n#EXT-X-KEY:METHOD=NONE,XURI=\"no\"\n", &[]);
        check("", &[]);
    }

    #[test]
    fn reads_what_a_stream_offers() {
        let check = |text: &str, expected: &[(u32, u32, u64)]| {
            let found = hls_variants(text);
            let found: Vec<_> = found
                .iter()
                .map(|one| (one.width, one.height, one.bitrate))
                .collect();
            assert_eq!(found, expected);
        };
        check(
            "#EXTM3U\n#EXT-X-STREAM-INF:AVERAGE-BANDWIDTH=1,BANDWIDTH=900,CODECS=\"avc1.4d,mp4a.40.2\",RESOLUTION=640x360\na\n\
             #EXT-X-STREAM-INF:BANDWIDTH=2000,RESOLUTION=1280x720,AUDIO=\"x\"\r\nb\n\
             #EXT-X-STREAM-INF:BANDWIDTH=3000,RESOLUTION=1280x720\nc\n",
            &[(1280, 720, 3000), (1280, 720, 2000), (640, 360, 900)],
        );
        check(
            "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=128000\nsound.m3u8\n",
            &[],
        );
        check("#EXT-X-STREAM-INF:RESOLUTION=x\n", &[]);
    }

    #[test]
    fn reads_dash() {
        let check = |text: &str, expected: &[&str]| assert_eq!(dash_references(text), expected);
        check(
            r#"<MPD><Period id="0"><AdaptationSet id="1"><Representation mimeType="video/mp4" id="v0">
               <SegmentTemplate initialization="init-$RepresentationID$.m4s" media="x"/></Representation>
               </AdaptationSet><AdaptationSet><SegmentTemplate initialization="i_$RepresentationID$.mp4"/>
               <Representation id="a"/><Representation id="b"/></AdaptationSet></Period></MPD>"#,
            &["i_a.mp4", "i_b.mp4", "init-v0.m4s"],
        );
        check(
            "<MPD><AdaptationSet><Representation><BaseURL> a.mp4 </BaseURL></Representation></AdaptationSet></MPD>",
            &["a.mp4"],
        );
        check("<MPD/>", &[]);
        check("initialization=\"", &[]);
    }
}
