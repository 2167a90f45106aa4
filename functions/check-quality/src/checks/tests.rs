use serde::de::DeserializeOwned;
use serde_json::json;

use super::*;

fn read<T: DeserializeOwned>(name: &str) -> T {
    let path = format!(
        "{}/../shared/samples/{name}.json",
        env!("CARGO_MANIFEST_DIR")
    );
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| unreachable!("{error}"));
    serde_json::from_str(&text).unwrap_or_else(|error| unreachable!("{name}: {error}"))
}

/// Brief and timeline of the sample.
pub(crate) fn sample() -> (Brief, Timeline) {
    (read("brief"), read("timeline"))
}

const PLAYLIST: &str =
    "#EXTM3U\n#EXT-X-MAP:URI=\"init.mp4\"\n#EXTINF:12.5,\na.m4s\n#EXTINF:12.5,\nb.m4s\n";
const VTT: &str =
    "WEBVTT\n\n00:00:00.000 --> 00:00:02.000\nHi\n\n00:00:02.000 --> 00:00:25.000\nBye\n";

/// Fails exactly the expected checks after `change`.
fn check(change: impl FnOnce(&mut Brief, &mut Gathered), expected: &[Check]) {
    let (mut brief, timeline) = sample();
    let mut gathered = Gathered::sound(&brief, &timeline);
    change(&mut brief, &mut gathered);
    let mut document = json!(brief);
    if let Some(value) = gathered.odd_member {
        document["odd"] = value;
    }
    let evidence = Evidence {
        document: &document,
        brief: &brief,
        timeline: &timeline,
        sizes: gathered.sizes,
        stream: S3Uri::new("videoflow-local-output", gathered.stream),
        playlists: gathered.playlists,
        dash: gathered.dash,
        subtitles: gathered.subtitles,
        outputs: gathered.outputs,
    };
    let failed: Vec<(Check, String)> = all(&evidence)
        .into_iter()
        .filter_map(|one| one.message.map(|message| (one.check, message)))
        .collect();
    let checks: Vec<Check> = failed.iter().map(|(check, _)| *check).collect();
    assert_eq!(checks, expected, "{failed:?}");
}

struct Gathered {
    sizes: BTreeMap<String, u64>,
    stream: String,
    playlists: BTreeMap<String, String>,
    dash: String,
    subtitles: Vec<(String, String)>,
    outputs: Vec<Option<Value>>,
    odd_member: Option<Value>,
}

impl Gathered {
    fn sound(brief: &Brief, timeline: &Timeline) -> Self {
        let hls = &timeline.renditions.stream.hls;
        let stream = hls.key.trim_end_matches(hls.file_name()).to_owned();
        let pictures = brief
            .chapters
            .iter()
            .filter_map(|chapter| chapter.keyframe_uri.as_ref());
        let keys = brief
            .renditions
            .iter()
            .map(|one| &one.uri)
            .chain(pictures)
            .map(|uri| uri.key.clone());
        let segments =
            ["720p.m3u8", "init.mp4", "a.m4s", "b.m4s"].map(|name| format!("{stream}{name}"));
        let output = |engine: &videoflow_shared::brief::Engine| {
            let uri = engine.output_uri.as_ref()?;
            Some(read(uri.file_name().trim_end_matches(".json")))
        };
        Self {
            sizes: keys.chain(segments).map(|key| (key, 100)).collect(),
            playlists: [("720p.m3u8".to_owned(), PLAYLIST.to_owned())].into(),
            dash: "<AdaptationSet><Representation id=\"0\" initialization=\"init.mp4\"/></AdaptationSet>".to_owned(),
            subtitles: vec![("s3://o/en.vtt".to_owned(), VTT.to_owned())],
            outputs: brief.provenance.engines.iter().map(output).collect(),
            odd_member: None,
            stream,
        }
    }

    fn set_size(&mut self, ending: &str, size: u64) {
        self.sizes
            .iter_mut()
            .filter(|(key, _)| key.ends_with(ending))
            .for_each(|(_, value)| *value = size);
    }
}

#[test]
fn the_sample_passes_everything() {
    check(|_, _| (), &[]);
}

#[test]
fn the_document_must_be_valid() {
    check(
        |_, gathered| gathered.odd_member = Some(json!(1)),
        &[Check::Schema],
    );
    check(
        |brief, _| brief.abstract_short = "x".repeat(161),
        &[Check::Schema],
    );
}

#[test]
fn files_must_exist_and_have_content() {
    check(
        |_, gathered| gathered.set_size("720p.mp4", 0),
        &[Check::Renditions],
    );
    check(
        |_, gathered| gathered.sizes.retain(|key, _| !key.ends_with("audio.m4a")),
        &[Check::Renditions],
    );
    check(
        |_, gathered| gathered.set_size("b.m4s", 0),
        &[Check::Manifests],
    );
    check(
        |_, gathered| gathered.set_size("720p.m3u8", 0),
        &[Check::Manifests],
    );
    check(
        |_, gathered| gathered.dash = gathered.dash.replace("init.mp4", "gone.mp4"),
        &[Check::Manifests],
    );
    check(
        |_, gathered| gathered.playlists.clear(),
        &[Check::Manifests],
    );
    check(
        |_, gathered| gathered.set_size(".jpg", 0),
        &[Check::Thumbnails],
    );
    check(
        |brief, _| {
            brief
                .chapters
                .iter_mut()
                .for_each(|one| one.keyframe_uri = None);
        },
        &[Check::Thumbnails],
    );
}

#[test]
fn subtitles_lie_within_the_video() {
    let with = |text: &str, expected: &[Check]| {
        check(
            |_, gathered| gathered.subtitles = vec![("s3://o/en.vtt".into(), text.into())],
            expected,
        );
    };
    with("WEBVTT\n", &[Check::Subtitles]);
    with("WEBVTT\n\nx --> 00:00:02.000\nHi\n", &[Check::Subtitles]);
    with(
        "WEBVTT\n\n00:00:02.000 --> 00:00:02.000\nHi\n",
        &[Check::Subtitles],
    );
    with("WEBVTT\n\n00:00:02.000 --> 00:00:26.000\nHi\n", &[]);
    with(
        "WEBVTT\n\n00:00:02.000 --> 00:00:26.001\nHi\n",
        &[Check::Subtitles],
    );
    with(
        "WEBVTT\n\n00:00:00.000 --> 00:00:03.000\na\n\n00:00:02.000 --> 00:00:04.000\nb\n",
        &[Check::Subtitles],
    );
    check(|_, gathered| gathered.subtitles.clear(), &[]);
}

#[test]
fn streams_last_as_long_as_the_source() {
    let with = |seconds: &str, expected: &[Check]| {
        let playlist = PLAYLIST.replacen("12.5", seconds, 1);
        check(
            |_, gathered| drop(gathered.playlists.insert("720p.m3u8".into(), playlist)),
            expected,
        );
    };
    with("13.5", &[]);
    with("13.502", &[Check::Duration]);
    with("1", &[Check::Duration]);
    // Sound that ends early is no reason not to publish.
    let sound = PLAYLIST.replacen("12.5", "1", 1);
    check(
        |_, gathered| drop(gathered.playlists.insert("init.mp4".into(), sound)),
        &[],
    );
}

#[test]
fn chapters_and_times_fit() {
    let gap = |brief: &mut Brief, _: &mut Gathered| {
        brief
            .chapters
            .iter_mut()
            .take(1)
            .for_each(|one| one.end_ms -= 1);
    };
    check(gap, &[Check::Chapters]);
    check(|brief, _| brief.quality.coverage = 0.94, &[Check::Chapters]);
    check(
        |brief, _| {
            brief
                .chapters
                .iter_mut()
                .skip(1)
                .for_each(|one| one.end_ms = 25_001);
        },
        &[Check::Times],
    );
    check(
        |brief, _| {
            brief
                .key_moments
                .iter_mut()
                .for_each(|one| one.end_ms = one.start_ms);
        },
        &[Check::Times],
    );
}

#[test]
fn quotes_and_evidence_must_hold() {
    check(
        |brief, _| brief.quotes.iter_mut().for_each(|one| one.text.push('!')),
        &[Check::Quotes],
    );
    let lost = |brief: &mut Brief, _: &mut Gathered| {
        brief
            .title
            .evidence
            .iter_mut()
            .for_each(|one| one.json_pointer = "/segments/99".into());
    };
    check(lost, &[Check::Evidence]);
    check(
        |brief, _| {
            brief
                .title
                .evidence
                .iter_mut()
                .for_each(|one| one.engine_index = 99);
        },
        &[Check::Evidence],
    );
    check(|_, gathered| gathered.outputs.clear(), &[Check::Evidence]);
    check(
        |brief, _| brief.title.evidence.clear(),
        &[Check::Schema, Check::Evidence],
    );
}

#[test]
fn forbidden_videos_fail() {
    check(
        |brief, _| brief.moderation.decision = Decision::Block,
        &[Check::Moderation],
    );
    check(|brief, _| brief.moderation.decision = Decision::Review, &[]);
}

#[test]
fn complaints_stay_short() {
    let names: Vec<String> = (0..7).map(|n| n.to_string()).collect();
    assert_eq!(
        listed("missing: ", &names),
        Some("missing: 0; 1; 2; 3; 4 and 2 more".into())
    );
    assert_eq!(listed("missing: ", &[]), None);
}
