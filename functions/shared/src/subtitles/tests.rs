use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::*;
use crate::transcript::{Language, Segment};

/// Characters a second that nobody should have to read where there is time.
const FASTEST: u64 = 20;

fn segment(speaker: Option<&str>, words: Vec<Word>) -> Segment {
    Segment {
        id: "s".into(),
        start_ms: words.first().map_or(0, |word| word.start_ms),
        end_ms: words.last().map_or(0, |word| word.end_ms),
        text: String::new(),
        confidence: 1.0,
        speaker: speaker.map(str::to_owned),
        words,
    }
}

fn transcript(code: &str, segments: Vec<Segment>) -> Transcript {
    let language = Language {
        code: code.into(),
        score: 1.0,
        alternatives: vec![],
    };
    Transcript {
        language,
        segments,
        ..Transcript::default()
    }
}

/// Words that take 400 ms each, with 100 ms between them.
fn words(text: &str, start_ms: u64) -> Vec<Word> {
    let word = |(word, n): (&str, u64)| Word {
        start_ms: start_ms + n * 500,
        end_ms: start_ms + n * 500 + 400,
        text: word.into(),
        confidence: 1.0,
    };
    text.split(' ')
        .filter(|word| !word.is_empty())
        .zip(0_u64..)
        .map(word)
        .collect()
}

fn said(text: &str) -> Transcript {
    transcript("en-US", vec![segment(None, words(text, 0))])
}

/// The rules that every cue of any transcript keeps.
fn broken(transcript: &Transcript, cues: &[Cue]) -> Vec<String> {
    let layout = Layout::of(&transcript.language.code);
    let mut broken = Vec::new();
    let nexts = cues
        .iter()
        .skip(1)
        .map(|cue| cue.start_ms)
        .chain([u64::MAX]);
    for (cue, next_ms) in cues.iter().zip(nexts) {
        let mut rule = |is_kept: bool, rule: &str| {
            if !is_kept {
                broken.push(format!("{rule}: {cue:?} before {next_ms}"));
            }
        };
        let characters: usize = cue.lines.iter().map(|line| line.chars().count()).sum();
        let duration_ms = cue.end_ms.saturating_sub(cue.start_ms);
        let room_ms = next_ms
            .saturating_sub(cue.start_ms + GAP_MS)
            .min(LONGEST_MS);
        rule((1..=LINES).contains(&cue.lines.len()), "one or two lines");
        let is_line = |line: &String| {
            !line.trim().is_empty() && line.chars().count() <= layout.line_characters
        };
        rule(cue.lines.iter().all(is_line), "no line empty or too long");
        rule(
            cue.start_ms < cue.end_ms && cue.end_ms <= next_ms,
            "no overlap",
        );
        rule(duration_ms <= LONGEST_MS, "seven seconds at most");
        rule(
            duration_ms >= SHORTEST_MS.min(room_ms),
            "a second where there is room",
        );
        let read_ms = (characters as u64 * 1000).div_ceil(FASTEST);
        rule(
            duration_ms >= read_ms.min(room_ms),
            "time to read where there is room",
        );
        rule(
            next_ms - cue.end_ms >= GAP_MS || room_ms == 0,
            "a gap where there is room",
        );
    }
    broken
}

fn check(text: &str, expected: &[&[&str]]) {
    let transcript = said(text);
    let cues = cues(&transcript);
    let lines: Vec<Vec<&str>> = cues
        .iter()
        .map(|cue| cue.lines.iter().map(String::as_str).collect())
        .collect();
    assert_eq!(lines, expected);
    assert_eq!(broken(&transcript, &cues), Vec::<String>::new());
    for format in [Format::Vtt, Format::Srt] {
        let times: Vec<_> = cues.iter().map(|cue| (cue.start_ms, cue.end_ms)).collect();
        assert_eq!(ranges(&format.write(&cues)), Some(times));
    }
}

#[test]
fn short_text_is_one_line() {
    check(
        "He was not an ill disposed young man.",
        &[&["He was not an ill disposed young man."]],
    );
    check("", &[]);
}

#[test]
fn lines_are_even_and_break_at_punctuation() {
    check(
        "Had he married a more amiable woman, he might have been made.",
        &[&[
            "Had he married a more amiable woman,",
            "he might have been made.",
        ]],
    );
}

#[test]
fn neither_articles_nor_names_are_torn() {
    check(
        "It is a long way home for the little girl.",
        &[&["It is a long way home for the little girl."]],
    );
    check(
        "We walked for hours along the river to meet Mr. Henry Tilney there.",
        &[&[
            "We walked for hours along the river",
            "to meet Mr. Henry Tilney there.",
        ]],
    );
}

#[test]
fn long_sentences_become_several_cues() {
    check(
        "And Mister John Dashwood had then leisure to consider how much there might be prudently in his power to do.",
        &[
            &["And Mister John Dashwood had then leisure"],
            &[
                "to consider how much there might be",
                "prudently in his power to do.",
            ],
        ],
    );
}

#[test]
fn no_word_is_left_alone() {
    for count in 1..60 {
        let text = "word ".repeat(count);
        let cues = cues(&said(&format!("{}.", text.trim_end())));
        let is_alone = |line: &String| !line.contains(' ');
        assert!(
            count == 1 || !cues.iter().any(|cue| cue.lines.iter().any(is_alone)),
            "{count}: {cues:?}"
        );
    }
}

#[test]
fn speakers_begin_a_cue_or_share_one_by_dashes() {
    let two = |answer_ms: u64| {
        let question = segment(Some("spk_0"), words("Is it far?", 0));
        let answer = segment(Some("spk_1"), words("No.", answer_ms));
        let after = segment(Some("spk_0"), words("Then we walk.", answer_ms + 500));
        cues(&transcript("en-US", vec![question, answer, after]))
    };
    let lines: Vec<_> = two(1450).into_iter().map(|cue| cue.lines).collect();
    assert_eq!(
        lines,
        [vec!["- Is it far?", "- No."], vec!["Then we walk."]]
    );
    let lines: Vec<_> = two(4000).into_iter().map(|cue| cue.lines).collect();
    assert_eq!(
        lines,
        [vec!["Is it far?"], vec!["- No.", "- Then we walk."]]
    );
}

#[test]
fn silence_parts_cues() {
    let far = segment(None, [words("One.", 0), words("Two.", 1900)].concat());
    assert_eq!(cues(&transcript("en-US", vec![far])).len(), 2);
    let near = segment(None, [words("One,", 0), words("two.", 1899)].concat());
    assert_eq!(cues(&transcript("en-US", vec![near])).len(), 1);
}

#[test]
fn cues_stay_until_they_are_read_and_do_not_flicker() {
    let times = |first: &str, next_ms: u64| {
        let segments = vec![
            segment(Some("a"), words(first, 0)),
            segment(
                Some("b"),
                words("A rather long second sentence follows here.", next_ms),
            ),
        ];
        let cues = cues(&transcript("en-US", segments));
        cues.first().map(|cue| cue.end_ms)
    };
    assert_eq!(times("Yes.", 9000), Some(1000));
    assert_eq!(
        times("Incomprehensibilities notwithstanding.", 9000),
        Some(2236)
    );
    assert_eq!(times("Yes.", 1400), Some(1400 - GAP_MS));
    assert_eq!(
        cues(&said("Yes.")).first().map(|cue| cue.end_ms),
        Some(1000)
    );
}

#[test]
fn no_cue_outlasts_the_video() {
    let cues = within(cues(&said("Yes.")), 700);
    assert_eq!(cues.first().map(|cue| cue.end_ms), Some(700));
    assert_eq!(within(cues, 0), []);
}

#[test]
fn wide_characters_have_shorter_lines() {
    let words = "今日 は とても 良い 天気 です から 、 公園 まで 歩い て 行き ましょ う 。";
    let words: Vec<Word> = super::tests::words(words, 0);
    let transcript = transcript("ja-JP", vec![segment(None, words)]);
    let cues = cues(&transcript);
    assert_eq!(broken(&transcript, &cues), Vec::<String>::new());
    let text: String = cues.iter().flat_map(|cue| cue.lines.clone()).collect();
    assert_eq!(
        text,
        "今日はとても良い天気ですから、公園まで歩いて行きましょう。"
    );
}

#[test]
fn markup_is_escaped() {
    let cues = cues(&said("<b>A</b> --> B & C"));
    assert_eq!(
        Format::Vtt.write(&cues),
        "WEBVTT\n\n00:00:00.000 --> 00:00:02.400\n&lt;b&gt;A&lt;/b&gt; --&gt; B &amp; C\n"
    );
    assert_eq!(
        Format::Srt.write(&cues),
        "1\n00:00:00,000 --> 00:00:02,400\n<b>A</b> → B & C\n"
    );
}

#[test]
fn no_word_opens_a_line_of_its_own_in_the_file() {
    let odd = "a\n\n1\n00:00:00.000 b";
    let words = vec![Word {
        start_ms: 0,
        end_ms: 400,
        text: odd.into(),
        confidence: 1.0,
    }];
    let cues = cues(&transcript("en-US", vec![segment(None, words)]));
    assert_eq!(Format::Vtt.write(&cues).lines().count(), 4);
}

#[test]
fn reads_times() {
    assert_eq!(
        ranges("01:00:00.001 --> 01:00:01.000 align:start"),
        Some(vec![(3_600_001, 3_601_000)])
    );
    assert_eq!(ranges("00:01.500 --> 00:02.000"), Some(vec![(1500, 2000)]));
    assert_eq!(ranges("x --> 00:00:02.000"), None);
    assert_eq!(ranges("no cue"), Some(vec![]));
}

#[test]
fn the_sample_s_subtitles_keep_every_rule() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/samples/transcript.json");
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let sample: Transcript =
        serde_json::from_str(&text).unwrap_or_else(|error| unreachable!("{error}"));
    let cues = cues(&sample);
    assert!(!cues.is_empty());
    assert_eq!(broken(&sample, &cues), Vec::<String>::new());
}

/// Speech of any kind: several speakers, fast and slow words, words of any length, pauses, marks, languages.
fn speech() -> impl Strategy<Value = Transcript> {
    let word = (
        "[a-zA-Z<&0-9]{1,14}|[a-z]{43,100}|[。、あ漢]{1,3}",
        0_u64..900,
        0_u64..400,
    );
    let sentence = (
        0_u8..3,
        0_u64..4000,
        proptest::collection::vec(word, 1..30),
        prop_oneof![Just("."), Just(","), Just(""), Just("?")],
    );
    let code = prop_oneof![Just("en-US"), Just("de-DE"), Just("ja-JP"), Just("und")];
    (code, proptest::collection::vec(sentence, 0..12)).prop_map(|(code, sentences)| {
        let mut now_ms = 0;
        let mut segments = Vec::new();
        for (speaker, pause_ms, said, mark) in sentences {
            now_ms += pause_ms;
            let mut words = Vec::new();
            for (text, length_ms, gap_ms) in said {
                words.push(Word {
                    start_ms: now_ms,
                    end_ms: now_ms + length_ms,
                    text,
                    confidence: 1.0,
                });
                now_ms += length_ms + gap_ms;
            }
            if let Some(last) = words.last_mut() {
                last.text.push_str(mark);
            }
            let speaker = (speaker > 0).then(|| format!("spk_{speaker}"));
            segments.push(segment(speaker.as_deref(), words));
        }
        transcript(code, segments)
    })
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 150,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(8),
        ..ProptestConfig::default()
    })]

    #[test]
    fn any_speech_becomes_readable(transcript in speech()) {
        let cues = cues(&transcript);
        prop_assert_eq!(broken(&transcript, &cues), Vec::<String>::new());
        let shown: String = cues
            .iter()
            .flat_map(|cue| &cue.lines)
            .flat_map(|line| line.strip_prefix("- ").unwrap_or(line).chars())
            .filter(|mark| *mark != ' ')
            .collect();
        let said: String = transcript
            .segments
            .iter()
            .flat_map(|segment| &segment.words)
            .flat_map(|word| word.text.chars())
            .collect();
        prop_assert_eq!(shown, said, "every word is shown once, in order");
        for format in [Format::Vtt, Format::Srt] {
            let times: Vec<_> = cues.iter().map(|cue| (cue.start_ms, cue.end_ms)).collect();
            prop_assert_eq!(ranges(&format.write(&cues)), Some(times));
        }
    }
}
