//! Heaps of messages, for people.

use std::fmt::Write as _;

use super::{Heap, Letter};

/// Characters of a reason in a line.
const WHY_LIMIT: usize = 160;

/// The queues, and what lies in those that are not empty.
pub fn shown(heaps: &[Heap], now_ms: i64) -> String {
    let mut text = String::new();
    for heap in heaps {
        // Writing to a String cannot fail.
        let _ = match (heap.visible, heap.held) {
            (0, 0) => writeln!(text, "{:<44} empty", heap.queue),
            (visible, 0) => writeln!(text, "{:<44} {visible}", heap.queue),
            (visible, held) => writeln!(
                text,
                "{:<44} {visible}, and {held} that somebody holds",
                heap.queue
            ),
        };
        for letter in &heap.letters {
            text.push_str(&line(letter, now_ms));
        }
    }
    text
}

fn line(letter: &Letter, now_ms: i64) -> String {
    let why: String = letter
        .why
        .replace('\n', " ")
        .chars()
        .take(WHY_LIMIT)
        .collect();
    let job = match &letter.job_id {
        Some(job) if !letter.what.contains(job.as_str()) => format!("  {job}"),
        _ => String::new(),
    };
    format!(
        "  {}  {:>6}  received {}×  {}{job}\n      {why}\n",
        letter.id.chars().take(8).collect::<String>(),
        age((now_ms - letter.sent_ms).max(0) / 1000),
        letter.receives,
        letter.what,
    )
}

/// An age in its largest unit.
fn age(seconds: i64) -> String {
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min", seconds / 60),
        3600..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_told_in_their_largest_unit() {
        let check = |seconds: i64, expected: &str| assert_eq!(age(seconds), expected);
        check(0, "0 s");
        check(59, "59 s");
        check(60, "1 min");
        check(3600, "1 h");
        check(172_799, "47 h");
        check(172_800, "2 d");
    }
}
