//! Which form an answer has, and which form a body may have (RFC 9110, 12.5.1).

use crate::Error;
use crate::answer::JSON;

/// Forms of a brief, the usual one first.
pub const BRIEF_FORMS: [&str; 3] = [JSON, "text/markdown", "text/html"];
/// The form of everything else.
pub const JSON_ONLY: [&str; 1] = [JSON];
/// Longest `Accept` that is looked at: browsers send some hundred bytes.
const ACCEPT_LIMIT: usize = 2000;

/// The form that the client wants most, of those that there are; without `Accept` the first one.
///
/// # Errors
/// [`Error::NotAcceptable`].
pub fn form<'a>(accept: Option<&str>, forms: &[&'a str]) -> Result<&'a str, Error> {
    let first = forms.first().copied().unwrap_or(JSON);
    let Some(accept) = accept.filter(|accept| !accept.trim().is_empty()) else {
        return Ok(first);
    };
    let accept = accept.get(..ACCEPT_LIMIT).unwrap_or(accept);
    let ranges: Vec<Range<'_>> = accept.split(',').filter_map(range).collect();
    let mut best: Option<(&str, u32)> = None;
    for form in forms {
        let weight = weight(&ranges, form);
        if weight > best.map_or(0, |(_, weight)| weight) {
            best = Some((form, weight));
        }
    }
    best.map(|(form, _)| form)
        .ok_or_else(|| Error::NotAcceptable(forms.join(", ")))
}

/// A media range with its weight in thousandths.
struct Range<'a> {
    kind: &'a str,
    subtype: &'a str,
    weight: u32,
}

/// A part of `Accept`; none for what is no media range.
fn range(text: &str) -> Option<Range<'_>> {
    let mut parts = text.split(';').map(str::trim);
    let (kind, subtype) = parts.next()?.split_once('/')?;
    let weight = parts
        .filter_map(|parameter| parameter.split_once('='))
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("q"));
    let weight = weight.map_or(Some(1000), |(_, weight)| thousandths(weight.trim()))?;
    Some(Range {
        kind,
        subtype,
        weight,
    })
}

/// `0.5` as 500; none for what is no weight.
fn thousandths(text: &str) -> Option<u32> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let is_number = part.len() <= 3 && part.bytes().all(|byte| byte.is_ascii_digit());
    let part: u32 = format!("{part:0<3}").parse().ok()?;
    match whole {
        "0" if is_number => Some(part),
        "1" if is_number && part == 0 => Some(1000),
        _ => None,
    }
}

/// Weight of a form by the most specific range that it falls into.
fn weight(ranges: &[Range<'_>], form: &str) -> u32 {
    let (kind, subtype) = form.split_once('/').unwrap_or((form, ""));
    let specificity = |range: &Range<'_>| match (range.kind, range.subtype) {
        ("*", "*") => Some(0),
        (of, "*") if of.eq_ignore_ascii_case(kind) => Some(1),
        (of, which) if of.eq_ignore_ascii_case(kind) && which.eq_ignore_ascii_case(subtype) => {
            Some(2)
        }
        _ => None,
    };
    let fitting = ranges
        .iter()
        .filter_map(|range| Some((specificity(range)?, range.weight)));
    fitting.max().map_or(0, |(_, weight)| weight)
}

/// Whether a body of this type may be JSON; one that does not say is taken for it.
///
/// # Errors
/// [`Error::MediaTypeUnsupported`].
pub fn check_json(content_type: Option<&str>) -> Result<(), Error> {
    let media_type = content_type.map(|text| text.split(';').next().unwrap_or_default().trim());
    match media_type {
        Some(other) if !other.eq_ignore_ascii_case(JSON) => Err(Error::MediaTypeUnsupported(
            other.chars().take(100).collect(),
        )),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(accept: Option<&str>, expected: Option<&str>) {
        assert_eq!(form(accept, &BRIEF_FORMS).ok(), expected, "{accept:?}");
    }

    #[test]
    fn gives_what_is_wanted_most() {
        check(None, Some("application/json"));
        check(Some(""), Some("application/json"));
        check(Some("*/*"), Some("application/json"));
        check(Some("text/html"), Some("text/html"));
        check(Some("TEXT/HTML; charset=utf-8"), Some("text/html"));
        check(Some("text/*"), Some("text/markdown"));
        check(Some("text/*, text/markdown;q=0.1"), Some("text/html"));
        check(
            Some("application/json;q=0.5, text/markdown;q=0.9"),
            Some("text/markdown"),
        );
        check(
            Some("text/html,application/xhtml+xml,*/*;q=0.8"),
            Some("text/html"),
        );
        check(Some("application/json;q=0, */*"), Some("text/markdown"));
    }

    #[test]
    fn refuses_what_there_is_not() {
        check(Some("image/png"), None);
        check(Some("*/*;q=0"), None);
        check(Some("text/html;q=2"), None);
        check(Some("nonsense"), None);
        assert_eq!(form(Some("text/html"), &JSON_ONLY).ok(), None);
    }

    #[test]
    fn bodies_are_json() {
        let check = |content_type, expected| {
            assert_eq!(
                check_json(content_type).is_ok(),
                expected,
                "{content_type:?}"
            );
        };
        check(None, true);
        check(Some("application/json"), true);
        check(Some("Application/JSON; charset=utf-8"), true);
        check(Some("application/x-www-form-urlencoded"), false);
        check(Some(""), false);
    }
}
