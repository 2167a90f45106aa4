//! Names and pages.
//!
//! A page's token holds the place after its last item, not a number of items, so that items which come or go in between
//! neither repeat nor hide others. It is good for a day, and for the same request only.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::error::{refusal, text};
use crate::service::ServiceError;
use crate::step_functions::driver::now;

/// Longest name, in characters (AWS's limit).
const MAX_NAME_LENGTH: usize = 80;
/// Most results of one page (AWS's limit).
const MAX_RESULTS: usize = 1000;
/// Results of a page when the caller does not say (AWS's default).
const DEFAULT_RESULTS: usize = 100;
/// A token is good for 24 hours (AWS's limit).
const TOKEN_MS: i64 = 24 * 60 * 60 * 1000;

/// Whether a machine, an execution or an activity may have this name.
pub(super) fn is_name(name: &str) -> bool {
    let is_allowed = |letter: char| {
        !letter.is_whitespace()
            && !letter.is_control()
            && !"<>{}[]?*\"#%\\^|~`$&,;:/".contains(letter)
            && !matches!(letter, '\u{fffe}' | '\u{ffff}' | '\u{10ffff}')
    };
    (1..=MAX_NAME_LENGTH).contains(&name.chars().count()) && name.chars().all(is_allowed)
}

/// Place of an item among all: a number and, where several share it, a text.
pub(super) type Place = (i64, String);

#[derive(Serialize, Deserialize)]
struct Token {
    /// Digest of the request that it is for.
    request: String,
    at: i64,
    after: Place,
}

/// The page that a request wants.
pub(super) struct Pages {
    request: String,
    /// When the first page was asked for, milliseconds since 1970.
    pub(super) at: i64,
    after: Option<Place>,
    size: usize,
}

impl Pages {
    /// Reads what the request says of pages.
    pub(super) fn of(operation: &str, parameters: &Value) -> Result<Self, ServiceError> {
        let request = digest(operation, parameters);
        let now = now().0;
        let token = match text(parameters, "NextToken") {
            Some(token) => Some(
                read(token)
                    .filter(|token| token.request == request && now - token.at < TOKEN_MS)
                    .ok_or_else(|| refusal("InvalidToken", "Invalid Token: 'Invalid token'"))?,
            ),
            None => None,
        };
        let wanted = parameters.get("MaxResults").and_then(Value::as_u64);
        let wanted = wanted.and_then(|wanted| usize::try_from(wanted).ok());
        let (at, after) = match token {
            Some(token) => (token.at, Some(token.after)),
            None => (now, None),
        };
        Ok(Self {
            request,
            at,
            after,
            size: wanted
                .filter(|wanted| *wanted > 0)
                .unwrap_or(DEFAULT_RESULTS)
                .min(MAX_RESULTS),
        })
    }

    /// One page of items, each with its place, and the token of the next.
    pub(super) fn take<T>(&self, mut items: Vec<(Place, T)>) -> (Vec<T>, Option<String>) {
        items.retain(|(place, _)| self.after.as_ref().is_none_or(|after| place > after));
        items.sort_by(|(left, _), (right, _)| left.cmp(right));
        let is_last = items.len() <= self.size;
        items.truncate(self.size);
        let next = items.last().filter(|_| !is_last).map(|(place, _)| {
            let token = Token {
                request: self.request.clone(),
                at: self.at,
                after: place.clone(),
            };
            URL_SAFE_NO_PAD.encode(serde_json::json!(token).to_string())
        });
        (items.into_iter().map(|(_, item)| item).collect(), next)
    }
}

/// One page of items that keep their places.
pub(super) fn page<T>(
    items: Vec<T>,
    parameters: &Value,
) -> Result<(Vec<T>, Option<String>), ServiceError> {
    let places = (0..).map(|index| (index, String::new()));
    Ok(Pages::of("", parameters)?.take(places.zip(items).collect()))
}

/// The members of an answer that have a value.
pub(super) fn present(mut answer: Value) -> Value {
    if let Some(members) = answer.as_object_mut() {
        members.retain(|_, value| !value.is_null());
    }
    answer
}

fn read(token: &str) -> Option<Token> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token).ok()?).ok()
}

/// What of a request must not change from page to page.
fn digest(operation: &str, parameters: &Value) -> String {
    let mut parameters = parameters.clone();
    if let Some(members) = parameters.as_object_mut() {
        members.remove("NextToken");
        members.remove("MaxResults");
    }
    let digest = Sha256::digest(format!("{operation}{parameters}"));
    URL_SAFE_NO_PAD.encode(digest.get(..12).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The pages of the numbers from 0 below 5, given the members of the first request.
    fn pages(mut parameters: Value) -> Result<Vec<Vec<i32>>, ServiceError> {
        let mut pages = Vec::new();
        loop {
            let (items, next) = page(vec![0, 1, 2, 3, 4], &parameters)?;
            pages.push(items);
            match next {
                Some(next) => parameters["NextToken"] = json!(next),
                None => return Ok(pages),
            }
        }
    }

    #[test]
    fn pages_end_where_the_items_end() {
        let check = |max_results: Value, expected: &[&[i32]]| {
            let pages = pages(json!({"MaxResults": max_results}));
            assert_eq!(
                pages,
                Ok(expected.iter().map(|page| page.to_vec()).collect())
            );
        };
        check(json!(null), &[&[0, 1, 2, 3, 4]]);
        check(json!(0), &[&[0, 1, 2, 3, 4]]);
        check(json!(2), &[&[0, 1], &[2, 3], &[4]]);
        check(json!(5), &[&[0, 1, 2, 3, 4]]);
        check(json!(1), &[&[0], &[1], &[2], &[3], &[4]]);
    }

    #[test]
    fn what_comes_and_goes_between_pages_hides_nothing() -> Result<(), ServiceError> {
        let numbers = |numbers: &[i64]| {
            let places = numbers
                .iter()
                .map(|number| ((*number, String::new()), *number));
            places.collect::<Vec<_>>()
        };
        let (first, next) =
            Pages::of("List", &json!({"MaxResults": 2}))?.take(numbers(&[2, 4, 6, 8]));
        assert_eq!(first, [2, 4]);
        let second = Pages::of("List", &json!({"MaxResults": 9, "NextToken": next}))?;
        assert_eq!(second.take(numbers(&[1, 3, 5, 6, 8])).0, [5, 6, 8]);
        Ok(())
    }

    #[test]
    fn tokens_are_for_the_same_request() -> Result<(), ServiceError> {
        let request = json!({"StateMachineArn": "m", "MaxResults": 1});
        let (_, next) = page(vec![0, 1], &request)?;
        let check = |parameters: Value, expected: Result<(), &str>| {
            let found = page(vec![0, 1], &parameters).map(drop);
            let found = found.map_err(|error| error.to_string());
            assert_eq!(found, expected.map_err(str::to_owned), "{parameters}");
        };
        let refused = Err("InvalidToken: Invalid Token: 'Invalid token'");
        check(json!({"StateMachineArn": "m", "NextToken": next}), Ok(()));
        check(json!({"StateMachineArn": "n", "NextToken": next}), refused);
        check(json!({"StateMachineArn": "m", "NextToken": "x"}), refused);
        check(json!({"StateMachineArn": "m", "NextToken": "MQ"}), refused);
        let other = Pages::of("Other", &json!({"StateMachineArn": "m", "NextToken": next}));
        assert!(other.is_err());
        Ok(())
    }

    #[test]
    fn a_token_is_good_for_a_day() {
        let check = |age: i64, expected: bool| {
            let token = Token {
                request: digest("List", &json!({})),
                at: now().0 - age,
                after: (0, String::new()),
            };
            let token = URL_SAFE_NO_PAD.encode(json!(token).to_string());
            let page = Pages::of("List", &json!({"NextToken": token}));
            assert_eq!(page.is_ok(), expected, "{age}");
        };
        check(0, true);
        check(TOKEN_MS - 60_000, true);
        check(TOKEN_MS, false);
    }

    #[test]
    fn names_are_checked() {
        let check = |name: &str, expected: bool| assert_eq!(is_name(name), expected, "{name}");
        check("v-0a-sanitize-0-0", true);
        check("a_b.c+(d)=e!@'", true);
        check("ä", true);
        check(&"a".repeat(80), true);
        check(&"a".repeat(81), false);
        check("", false);
        check("a:b", false);
        check("a b", false);
        check("a/b", false);
        check("a\u{7f}", false);
        check("\u{10ffff}", false);
    }
}
