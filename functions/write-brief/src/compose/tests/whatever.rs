//! Whatever a model answers: the brief is valid, covers the video, says nothing that is not supported, and tells what was
//! dropped. The answers are made of what is right, wrong and hostile, by seeded chance.

use serde_json::{Value, json};

use super::*;
use crate::model::{Answer, judge};

const ROUNDS: u32 = 80;
const TEXTS: [&str; 12] = [
    "",
    " \n",
    "A man is described.",
    "He was not an ill disposed young man",
    "They sail to Atlantis.",
    "It costs 4711 a piece.",
    "</script><script>alert('zebra stripes')</script>",
    "\u{0}\u{202e}\u{feff}",
    "Mister John Dashwood",
    "character",
    "Espresso, Egyptian cat",
    "[x](javascript:alert)",
];
const IDS: [&str; 12] = [
    "s1",
    "s2",
    "s3",
    "s4",
    "l1",
    "l5",
    "h1",
    "c1",
    "s999",
    "",
    "s18446744073709551616",
    "../s1",
];
const TIMES: [i64; 11] = [
    i64::MIN,
    -1,
    0,
    1,
    7200,
    13_400,
    15_000,
    24_999,
    25_000,
    99_999,
    i64::MAX,
];

/// Numbers that look random and are always the same (Knuth's MMIX).
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or(0) % limit
    }

    fn of<T: Copy>(&mut self, list: &[T]) -> T {
        list.get(self.below(list.len()))
            .copied()
            .unwrap_or_else(|| unreachable!("a place of the list"))
    }

    fn text(&mut self) -> Value {
        match self.below(20) {
            0 => json!("word ".repeat(2000)),
            1 => json!("\u{6f22}".repeat(3000)),
            _ => json!(self.of(&TEXTS)),
        }
    }

    fn ids(&mut self) -> Value {
        let count = self.of(&[0, 1, 1, 2, 3, 40]);
        (0..count).map(|_| self.of(&IDS)).collect()
    }

    fn list(&mut self, item: impl Fn(&mut Self) -> Value) -> Value {
        let count = self.of(&[0, 1, 2, 3, 6, 200]);
        (0..count).map(|_| item(self)).collect()
    }

    fn statement(&mut self) -> Value {
        json!({"text": self.text(), "evidence": self.ids()})
    }

    fn answer(&mut self) -> Answer {
        if self.below(12) == 0 {
            let garbage = [
                "I am a teapot.",
                "",
                "{}",
                "null",
                "[[[[",
                "```json\n{\"title\": 7}\n```",
            ];
            return match self.below(3) {
                0 => Answer::Truncated,
                1 => Answer::Refused("refusal".to_owned()),
                _ => Answer::Text(self.of(&garbage).to_owned()),
            };
        }
        let named = |chance: &mut Self| json!({"name": chance.text(), "evidence": chance.ids()});
        let draft = json!({
            "title": self.statement(), "summary": self.statement(), "abstractShort": self.text(),
            "chapters": self.list(|chance| json!({"startMs": chance.of(&TIMES), "endMs": chance.of(&TIMES),
                "title": chance.text(), "summary": chance.statement(), "topics": [chance.text()]})),
            "keyMoments": self.list(|chance| json!({"startMs": chance.of(&TIMES), "endMs": chance.of(&TIMES), "reason": chance.statement()})),
            "people": self.list(named),
            "entities": self.list(|chance| json!({"name": chance.text(), "type": chance.of(&["brand", "place", "other"]), "evidence": chance.ids()})),
            "topics": self.list(named),
            "quotes": self.list(|chance| json!({"segmentId": chance.of(&IDS), "text": chance.text()})),
        });
        Answer::Text(draft.to_string())
    }
}

#[test]
fn whatever_a_model_answers_the_brief_holds() {
    let (plan, timeline): (Plan, Timeline) = (sample("plan"), sample("timeline"));
    let job = job(&plan);
    let window = Window {
        start_ms: 0,
        end_ms: timeline.duration_ms,
    };
    let mut chance = Chance(8);
    let mut published = 0;
    for round in 0..ROUNDS {
        let answer = chance.answer();
        let reviewed = judge(&answer, &timeline, window).reviewed;
        let told = reviewed.problems.len();
        let brief = compose_of(
            &plan,
            &job,
            &default_profile().moderation,
            &timeline,
            &[],
            reviewed,
        );
        check_valid(&brief);
        check_pointers(&json!(brief), &json!(brief));
        check_whole(&brief);
        let warnings = brief.quality.warnings.len();
        assert_eq!(
            warnings == 0,
            told == 0,
            "round {round}: {told} problems, {warnings} warnings"
        );
        assert!(warnings <= 150, "round {round}: {warnings} warnings");
        check_supported(brief, &timeline, round);
        published += usize::from(told == 0);
    }
    assert!(published < 40, "most answers are wrong");
}

/// Chapters fill the video, in order.
fn check_whole(brief: &Brief) {
    let mut reached_ms = 0;
    for chapter in &brief.chapters {
        assert!(
            chapter.start_ms == reached_ms && chapter.end_ms > reached_ms,
            "{chapter:?}"
        );
        reached_ms = chapter.end_ms;
    }
    assert_eq!(reached_ms, brief.source.duration_ms);
}

/// Nothing that was invented is said, but in the warnings, and quotes are what somebody says.
fn check_supported(mut brief: Brief, timeline: &Timeline, round: u32) {
    for quote in &brief.quotes {
        let said = timeline
            .segments
            .iter()
            .any(|segment| segment.text.contains(&quote.text));
        assert!(said, "round {round}: {}", quote.text);
    }
    brief.quality.warnings.clear();
    let text = json!(brief).to_string();
    for invented in ["Atlantis", "4711"] {
        assert!(!text.contains(invented), "round {round}: {invented}");
    }
}
