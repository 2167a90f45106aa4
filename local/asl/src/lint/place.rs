//! Where the values of a JSON text stand.

use std::collections::{HashMap, HashSet};

use crate::diagnostic::escape;

/// A line and a column, both from 1; columns count characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) line: usize,
    pub(super) column: usize,
}

/// Where one value stands, in bytes of the text.
#[derive(Debug, Clone, Copy)]
struct Spot {
    /// Of the member's key, or of the value where it has none.
    start: usize,
    value: usize,
}

/// The places of all values of a text, by JSON pointer.
#[derive(Debug)]
pub(super) struct Places<'a> {
    text: &'a str,
    spots: HashMap<String, Spot>,
    /// Pointers of keys that an object has twice, with the later one's place.
    pub(super) duplicates: Vec<(String, Place)>,
}

impl<'a> Places<'a> {
    /// The places of a text that is JSON.
    pub(super) fn of(text: &'a str) -> Self {
        let mut places = Self {
            text,
            spots: HashMap::new(),
            duplicates: Vec::new(),
        };
        let mut at = places.skip_space(0);
        places.spots.insert(
            String::new(),
            Spot {
                start: at,
                value: at,
            },
        );
        places.value(&mut at, "");
        places
    }

    /// Where the member (its key) or the item stands; of a pointer that leads nowhere, the nearest value around it.
    pub(super) fn start(&self, pointer: &str) -> Place {
        self.place(self.spot(pointer).start)
    }

    /// Where the character after `offset` characters of a text value stands.
    pub(super) fn within(&self, pointer: &str, offset: usize) -> Place {
        let mut at = self.spot(pointer).value + 1;
        for _ in 0..offset {
            at = self.after_character(at);
        }
        self.place(at)
    }

    /// The end of the character, written plainly or escaped, that begins at `at` within a text.
    fn after_character(&self, at: usize) -> usize {
        let rest = self.text.get(at..).unwrap_or_default();
        if rest.starts_with("\\u") {
            let is_pair = rest.get(2..3).is_some_and(|d| d.eq_ignore_ascii_case("d"))
                && rest.get(6..8) == Some("\\u");
            return at + if is_pair { 12 } else { 6 };
        }
        if rest.starts_with('\\') {
            return at + 2;
        }
        at + rest.chars().next().map_or(0, char::len_utf8)
    }

    fn spot(&self, pointer: &str) -> Spot {
        let mut pointer = pointer;
        loop {
            if let Some(spot) = self.spots.get(pointer) {
                return *spot;
            }
            let Some((outer, _)) = pointer.rsplit_once('/') else {
                return Spot { start: 0, value: 0 };
            };
            pointer = outer;
        }
    }

    fn place(&self, at: usize) -> Place {
        let before = self.text.get(..at.min(self.text.len())).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Place {
            line: before.matches('\n').count() + 1,
            column: before.get(line_start..).unwrap_or_default().chars().count() + 1,
        }
    }

    fn byte(&self, at: usize) -> Option<u8> {
        self.text.as_bytes().get(at).copied()
    }

    fn skip_space(&self, mut at: usize) -> usize {
        while self.byte(at).is_some_and(|byte| byte.is_ascii_whitespace()) {
            at += 1;
        }
        at
    }

    fn value(&mut self, at: &mut usize, pointer: &str) {
        match self.byte(*at) {
            Some(b'{') => self.members(at, pointer, b'}'),
            Some(b'[') => self.members(at, pointer, b']'),
            Some(b'"') => {
                self.text_value(at);
            }
            _ => {
                while self
                    .byte(*at)
                    .is_some_and(|byte| !b",]} \t\r\n".contains(&byte))
                {
                    *at += 1;
                }
            }
        }
    }

    /// The members of an object or the items of an array.
    fn members(&mut self, at: &mut usize, pointer: &str, end: u8) {
        *at = self.skip_space(*at + 1);
        let mut index = 0;
        let mut seen = HashSet::new();
        while self.byte(*at).is_some_and(|byte| byte != end) {
            let start = *at;
            let name = if end == b'}' {
                let name = self.text_value(at);
                *at = self.skip_space(*at);
                *at = self.skip_space(*at + 1);
                escape(&name)
            } else {
                index.to_string()
            };
            let inner = format!("{pointer}/{name}");
            let spot = Spot { start, value: *at };
            self.spots.insert(inner.clone(), spot);
            if !seen.insert(name) {
                let place = self.place(start);
                self.duplicates.push((inner.clone(), place));
            }
            self.value(at, &inner);
            *at = self.skip_space(*at);
            if self.byte(*at) == Some(b',') {
                *at = self.skip_space(*at + 1);
            }
            index += 1;
        }
        *at += 1;
    }

    /// The text that begins here.
    fn text_value(&self, at: &mut usize) -> String {
        let start = *at;
        *at += 1;
        while let Some(byte) = self.byte(*at) {
            match byte {
                b'"' => break,
                b'\\' => *at += 2,
                _ => *at += 1,
            }
        }
        *at += 1;
        let written = self.text.get(start..*at).unwrap_or_default();
        serde_json::from_str(written).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::{Place, Places};

    fn check(text: &str, pointer: &str, line: usize, column: usize) {
        assert_eq!(
            Places::of(text).start(pointer),
            Place { line, column },
            "{pointer}"
        );
    }

    #[test]
    fn members_stand_where_their_keys_do() {
        let text = "{\n  \"a\": [1, {\"b/c\": \"x\\\"y\"}],\n  \"é\": {}, \"d\": null\n}";
        check(text, "", 1, 1);
        check(text, "/a", 2, 3);
        check(text, "/a/0", 2, 9);
        check(text, "/a/1/b~1c", 2, 13);
        check(text, "/é", 3, 3);
        check(text, "/d", 3, 12);
        check(text, "/a/7/none", 2, 3);
    }

    #[test]
    fn escapes_within_a_text_count_as_one_character() {
        let places = Places::of(r#"{"a": "\"é\u0041\ud83d\ude00z"}"#);
        assert_eq!(places.within("/a", 0).column, 8);
        assert_eq!(places.within("/a", 2).column, 11);
        assert_eq!(places.within("/a", 3).column, 17);
        assert_eq!(places.within("/a", 4).column, 29);
    }

    #[test]
    fn a_key_that_comes_twice_is_told() {
        let places = Places::of("{\"a\": 1,\n \"a\": 2}");
        assert_eq!(
            places.duplicates,
            [("/a".to_owned(), Place { line: 2, column: 2 })]
        );
    }
}
