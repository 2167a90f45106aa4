//! A stretch of time, as people name it.

use anyhow::{Context, bail};
use time::macros::format_description;
use time::{Date, Duration, OffsetDateTime};
use videoflow_shared::clock;

/// From when to when, in the form of the job table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Period {
    /// Begin.
    pub from: String,
    /// End; none: now.
    pub to: Option<String>,
}

impl Period {
    /// A day of UTC, such as 2026-11-21.
    ///
    /// # Errors
    /// It is no day.
    pub fn day(day: &str) -> anyhow::Result<Self> {
        let day = parse_day(day)?;
        Ok(Self {
            from: format!("{day}T00:00:00.000Z"),
            to: Some(format!("{day}T23:59:59.999Z")),
        })
    }

    /// Since a day, or since so many days (`7d`) or hours (`12h`) ago.
    ///
    /// # Errors
    /// It is neither.
    pub fn since(since: &str, now: OffsetDateTime) -> anyhow::Result<Self> {
        let ago = |number: &str, unit: fn(i64) -> Duration| {
            let number: u16 = number.parse().ok()?;
            Some(clock::format(now.saturating_sub(unit(i64::from(number)))))
        };
        let days = since
            .strip_suffix('d')
            .and_then(|number| ago(number, Duration::days));
        let hours = since
            .strip_suffix('h')
            .and_then(|number| ago(number, Duration::hours));
        let from = match days.or(hours) {
            Some(from) => from,
            None => format!("{}T00:00:00.000Z", parse_day(since)?),
        };
        Ok(Self { from, to: None })
    }
}

fn parse_day(text: &str) -> anyhow::Result<String> {
    let form = format_description!("[year]-[month]-[day]");
    let parsed = Date::parse(text, form);
    if text.len() != 10 {
        bail!("{text} is neither a day, such as 2026-11-21, nor a time such as 7d or 12h");
    }
    parsed.with_context(|| format!("{text} is no day, such as 2026-11-21"))?;
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_hours_are_counted_back_from_now() {
        let now = OffsetDateTime::UNIX_EPOCH + Duration::days(10);
        let check = |since: &str, expected: Option<&str>| {
            let period = Period::since(since, now).ok();
            assert_eq!(
                period.as_ref().map(|period| period.from.as_str()),
                expected,
                "{since}"
            );
        };
        check("7d", Some("1970-01-04T00:00:00.000Z"));
        check("12h", Some("1970-01-10T12:00:00.000Z"));
        check("1970-01-02", Some("1970-01-02T00:00:00.000Z"));
        check("yesterday", None);
        check("1970-13-02", None);
        check("-3d", None);
        check("", None);
    }

    #[test]
    fn a_day_has_an_end() {
        let day = Period::day("2026-11-21").ok();
        let to = day.and_then(|day| day.to);
        assert_eq!(to.as_deref(), Some("2026-11-21T23:59:59.999Z"));
        assert!(Period::day("7d").is_err());
    }
}
