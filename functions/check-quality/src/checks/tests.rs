use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use videoflow_shared::brief::{Brief, Decision, Engine};
use videoflow_shared::profiles::QualityThresholds;
use videoflow_shared::subtitles::{Format, Subtitles};
use videoflow_shared::timeline::Timeline;

use super::*;
use crate::evidence::Sound;
use crate::media::movie::{Kind, Movie, Track};
use crate::media::picture::Picture;
use crate::media::sound::Heard;

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

const VTT: &str =
    "WEBVTT\n\n00:00:00.000 --> 00:00:02.000\nHi\n\n00:00:02.000 --> 00:00:25.000\nBye\n";

/// Fails exactly the expected checks after `change`.
fn check(change: impl FnOnce(&mut Brief, &mut Documents), expected: &[Check]) {
    let failed: Vec<Outcome> = run(change).into_iter().filter(|one| !one.passed).collect();
    let checks: Vec<Check> = failed.iter().map(|one| one.check).collect();
    assert_eq!(checks, expected, "{failed:?}");
    assert!(
        failed
            .iter()
            .all(|one| one.score < 1.0 && one.fault_count > 0),
        "{failed:?}"
    );
}

/// All outcomes after `change`, but those of media files: the integration tests break real ones.
fn run(change: impl FnOnce(&mut Brief, &mut Documents)) -> Vec<Outcome> {
    let (mut brief, timeline) = sample();
    let subtitles = brief.subtitles.first().cloned();
    let mut documents = Documents {
        outputs: brief.provenance.engines.iter().map(output).collect(),
        subtitles: subtitles
            .map(|one| (one, VTT.to_owned()))
            .into_iter()
            .collect(),
        odd_member: None,
        movies: BTreeMap::new(),
        pictures: BTreeMap::new(),
        sound: Sound::Absent,
    };
    change(&mut brief, &mut documents);
    let mut document = json!(brief);
    if let Some(value) = documents.odd_member {
        document["odd"] = value;
    }
    let evidence = Evidence {
        document: &document,
        brief: &brief,
        timeline: &timeline,
        thresholds: QualityThresholds {
            minimum_score: 0.7,
            longest_black_seconds: 10,
            longest_silence_seconds: 4,
        },
        sizes: BTreeMap::new(),
        movies: documents.movies,
        pictures: documents.pictures,
        sound: documents.sound,
        master: String::new(),
        playlists: BTreeMap::new(),
        dash: String::new(),
        subtitles: documents.subtitles,
        outputs: documents.outputs,
    };
    let of_files = [Check::Renditions, Check::Manifests, Check::Thumbnails];
    all(&evidence)
        .into_iter()
        .filter(|one| !of_files.contains(&one.check))
        .collect()
}

fn output(engine: &Engine) -> Option<Value> {
    let uri = engine.output_uri.as_ref()?;
    Some(read(uri.file_name().trim_end_matches(".json")))
}

struct Documents {
    outputs: Vec<Option<Value>>,
    subtitles: Vec<(Subtitles, String)>,
    odd_member: Option<Value>,
    movies: BTreeMap<String, Result<Movie, String>>,
    pictures: BTreeMap<String, Result<Picture, String>>,
    sound: Sound,
}

#[test]
fn the_sample_passes_everything() {
    check(|_, _| (), &[]);
}

#[test]
fn the_document_must_be_valid() {
    check(
        |_, documents| documents.odd_member = Some(json!(1)),
        &[Check::Schema],
    );
    check(
        |brief, _| brief.abstract_short = "x".repeat(161),
        &[Check::Schema],
    );
}

#[test]
fn subtitles_can_be_read_within_the_video() {
    let with = |format: Format, text: &str, expected: Option<&str>| {
        let (mut brief, _) = sample();
        brief.subtitles.retain(|one| one.format == format);
        let one = brief.subtitles.first().cloned();
        let subtitles: Vec<_> = one.map(|one| (one, text.to_owned())).into_iter().collect();
        check_subtitles(subtitles, expected);
    };
    let vtt = |text: &str, expected: Option<&str>| with(Format::Vtt, text, expected);
    vtt(VTT, None);
    vtt("WEBVTT\n", Some("it has no cues"));
    vtt("", Some("it does not begin with WEBVTT"));
    vtt(
        "WEBVTT\n\nNOTE all\n\n1\n00:01.000 --> 00:02.000 align:start\nHi\n",
        None,
    );
    vtt(
        "WEBVTT\n\nx --> 00:00:02.000\nHi\n",
        Some("cue 1 has no times: `x --> 00:00:02.000`"),
    );
    vtt(
        "WEBVTT\n\n00:00:01,000 --> 00:00:02,000\nHi\n",
        Some("cue 1 has no times: `00:00:01,000 --> 00:00:02,000`"),
    );
    let cue = |times: &str, text: &str| format!("WEBVTT\n\n{times}\n{text}\n");
    let one = |times: &str, expected| vtt(&cue(times, "Hi"), expected);
    one(
        "00:00:02.000 --> 00:00:02.000",
        Some("cue 1 begins at 2000 ms and ends at 2000 ms"),
    );
    one("00:00:02.000 --> 00:00:26.000", None);
    one(
        "00:00:02.000 --> 00:00:26.001",
        Some("cue 1 ends at 26001 ms, after the video"),
    );
    let text = |text: &str, expected| vtt(&cue("00:00:02.000 --> 00:00:03.000", text), expected);
    text(" ", Some("cue 1 has no text"));
    text("a\nb", None);
    text("a\nb\nc", Some("cue 1 has 3 lines, more than 2"));
    text(&format!("<v A>{}&amp;</v>", "x".repeat(41)), None);
    text(
        &"x".repeat(43),
        Some("cue 1 has a line of 43 characters, more than 42"),
    );
    vtt(
        "WEBVTT\n\n00:00:00.000 --> 00:00:03.000\na\n\n00:00:02.000 --> 00:00:04.000\nb\n",
        Some("cue 2 begins at 2000 ms, before the one before it ends"),
    );
    let srt = |text: &str, expected: Option<&str>| with(Format::Srt, text, expected);
    srt("1\n00:00:00,000 --> 00:00:02,000\nHi\n", None);
    srt(
        "2\n00:00:00,000 --> 00:00:02,000\nHi\n",
        Some("`2` is no number of cue 1"),
    );
    srt(
        "1\n00:00,000 --> 00:02,000\nHi\n",
        Some("cue 1 has no times: `00:00,000 --> 00:02,000`"),
    );
    check(|_, documents| documents.subtitles.clear(), &[]);
}

#[test]
fn formats_of_the_same_subtitles_agree() {
    let with = |srt: &str, expected: Option<&str>| {
        let vtt = "WEBVTT\n\n00:00:00.000 --> 00:00:02.000\n<i>a</i> &lt; b --&gt; c\n";
        let texts = [vtt, srt].map(str::to_owned);
        check_subtitles(
            sample().0.subtitles.into_iter().zip(texts).collect(),
            expected,
        );
    };
    let cue =
        |number: u32, text: &str| format!("{number}\n00:00:00,000 --> 00:00:02,000\n{text}\n\n");
    with(&cue(1, "a < b → c"), None);
    with(
        &cue(1, "a < b"),
        Some("cue 1 is another one than in subtitles/en-US.vtt"),
    );
    with(
        &cue(1, "a < b → c").replace(",000 -->", ",500 -->"),
        Some("cue 1 is another one than in subtitles/en-US.vtt"),
    );
    let two = "1\n00:00:00,000 --> 00:00:01,000\na\n\n2\n00:00:01,000 --> 00:00:02,000\nb\n";
    with(two, Some("2 cues, and not 1 as in subtitles/en-US.vtt"));
}

/// What the check of subtitles says first, `None` for nothing.
fn check_subtitles(subtitles: Vec<(Subtitles, String)>, expected: Option<&str>) {
    let found = run(|_, documents| documents.subtitles = subtitles);
    let of_subtitles = found.iter().find(|one| one.check == Check::Subtitles);
    let fault = of_subtitles.and_then(|one| one.faults.first());
    assert_eq!(fault.map(|fault| fault.reason.as_str()), expected);
}

#[test]
fn chapters_and_times_fit() {
    let gap = |brief: &mut Brief, _: &mut Documents| {
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
    let lost = |brief: &mut Brief, _: &mut Documents| {
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
    check(|_, documents| documents.outputs.clear(), &[Check::Evidence]);
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

/// What `check` says of the sample after `change`, as score and `<file>: <reason>`.
fn check_told(
    check: Check,
    change: impl FnOnce(&mut Brief, &mut Documents),
    expected: (f64, &[&str]),
) {
    let outcomes = run(change);
    let outcome = outcomes.iter().find(|one| one.check == check);
    let outcome = outcome.unwrap_or_else(|| unreachable!("every check has an outcome"));
    let told = outcome.faults.iter();
    let told: Vec<String> = told
        .map(|fault| format!("{}: {}", fault.file, fault.reason))
        .collect();
    assert_eq!(
        (outcome.score, told),
        (
            expected.0,
            expected.1.iter().map(|one| (*one).to_owned()).collect()
        )
    );
}

/// The sample's five captures lie five seconds apart; the profile takes ten seconds of black.
#[test]
fn black_lasts_from_capture_to_capture() {
    let with = |blacks: [bool; 5], expected: (f64, &[&str])| {
        let change = |_: &mut Brief, documents: &mut Documents| {
            let prefix = &sample().1.renditions.thumbnails.prefix.key;
            let pictures = blacks.into_iter().enumerate().map(|(number, is_black)| {
                let picture = Picture {
                    width: 640,
                    height: 360,
                    is_black,
                };
                (format!("{prefix}.{number:07}.jpg"), Ok(picture))
            });
            documents.pictures = pictures.collect();
        };
        check_told(Check::Picture, change, expected);
    };
    let thumb = |number: u32, from: u32, to: u32| {
        format!(
            "thumbnails/thumb.000000{number}.jpg: black from second {from}.0 to {to}.0; the profile takes 10 seconds"
        )
    };
    with([false; 5], (1.0, &[]));
    with([true, true, true, false, false], (1.0, &[]));
    with([true, true, true, true, false], (0.2, &[&thumb(0, 0, 15)]));
    with([false, true, true, false, true], (1.0, &[]));
    // To the end of the video.
    with([false, false, false, true, true], (1.0, &[]));
    with(
        [false, false, true, true, true],
        (0.4, &[&thumb(2, 10, 25)]),
    );
    with([true; 5], (0.0, &[&thumb(0, 0, 25)]));
}

/// A track of 10 seconds in 100 frames; the profile takes four seconds of silence.
#[test]
fn silence_is_measured_by_the_track() {
    let with = |heard: Heard, expected: (f64, &[&str])| {
        let change = |_: &mut Brief, documents: &mut Documents| {
            let audio = sample().1.renditions.audio.map(|uri| uri.key);
            let track = Track {
                kind: Kind::Sound,
                duration_ms: 10_000,
                samples: 100,
                end: 1,
            };
            let movie = Movie {
                tracks: vec![track],
            };
            documents.movies = audio.map(|key| (key, Ok(movie))).into_iter().collect();
            documents.sound = Sound::Heard(heard, 100);
        };
        check_told(Check::Sound, change, expected);
    };
    let silent = |silences: &[(usize, usize)]| Heard {
        silences: silences.iter().map(|(from, to)| *from..*to).collect(),
        undecodable: None,
        frames: 100,
    };
    let told = |from: &str, to: &str| {
        format!("audio.m4a: silent from second {from} to {to}; the profile takes 4 seconds")
    };
    with(silent(&[]), (1.0, &[]));
    with(silent(&[(0, 40), (50, 90)]), (1.0, &[]));
    with(
        silent(&[(0, 41), (50, 95)]),
        (0.14, &[&told("0.0", "4.1"), &told("5.0", "9.5")]),
    );
    with(
        silent(&[(0, 100)]),
        (
            0.0,
            &["audio.m4a: silent from beginning to end, and the source has sound"],
        ),
    );
    let damaged = Heard {
        undecodable: Some((25, "odd".to_owned())),
        frames: 50,
        silences: Vec::new(),
    };
    with(
        damaged,
        (0.5, &["audio.m4a: 25 frames cannot be decoded: odd"]),
    );
}
