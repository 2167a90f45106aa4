//! The one place that reads the clock.

use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;

const FORMAT: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");

/// Now, RFC 3339 in UTC with milliseconds: the form of every timestamp in the job table.
pub fn now() -> String {
    format(OffsetDateTime::now_utc())
}

/// Now, in whole seconds since 1970.
pub fn now_seconds() -> i64 {
    OffsetDateTime::now_utc().unix_timestamp()
}

/// A moment in the form of [`now`].
pub fn format(moment: OffsetDateTime) -> String {
    // The format has only components that every OffsetDateTime has.
    moment
        .to_offset(time::UtcOffset::UTC)
        .format(FORMAT)
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_utc_milliseconds() {
        assert_eq!(
            format(OffsetDateTime::UNIX_EPOCH),
            "1970-01-01T00:00:00.000Z"
        );
    }
}
