//! Lists of jobs, page by page, last updated first.
//!
//! The index knows jobs by status, so a list over all of them merges one stream a status. The cursor says for each stream
//! how far it has been told; it is bound to its filters. A job that is updated between two pages comes to the front: it
//! may be listed again, and none is passed over that stays as it is.

use std::collections::{BTreeMap, VecDeque};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::future::try_join_all;
use lambda_http::aws_lambda_events::query_map::QueryMap;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use strum::IntoEnumIterator;
use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, UtcOffset};
use videoflow_shared::clock;
use videoflow_shared::identity::hex;
use videoflow_shared::jobs::{Filter, Job, JobStatus, Jobs, Position};
use videoflow_shared::profiles;

use crate::Error;
use crate::request::{KEY_LIMIT_BYTES, only, parameter};

/// Jobs of a page that asks for no number.
const USUAL_LIMIT: u16 = 50;
/// Most jobs of a page: an answer of 6 MB is Lambda's limit, and a summary has less than 2 KB.
const HIGHEST_LIMIT: u16 = 200;
/// What a listing may be asked for.
const PARAMETERS: [&str; 7] = [
    "cursor",
    "limit",
    "prefix",
    "profile",
    "status",
    "updatedFrom",
    "updatedTo",
];
/// Jobs that one query looks at where not all of them are let through.
const LOOKED_AT: u16 = 500;
/// Queries a status and page: a page may be shorter than its limit, and the next one goes on.
const QUERIES_LIMIT: usize = 4;
/// Longest cursor: eight positions of some 100 bytes, in base64.
const CURSOR_LIMIT_BYTES: usize = 4096;

/// How far a stream has been told; none: it has not begun. Streams that have ended are not in a cursor.
type Positions = BTreeMap<String, Option<Position>>;

/// Which jobs are listed.
#[derive(Debug, PartialEq, Eq)]
pub struct Listing {
    filter: Filter,
    limit: u16,
    digest: String,
    streams: Vec<(JobStatus, Option<Position>)>,
}

/// A cursor, before it is made opaque.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Cursor {
    /// Digest of the filters.
    of: String,
    positions: Positions,
}

impl Listing {
    /// Reads the query.
    ///
    /// # Errors
    /// [`Error::InvalidInput`].
    pub fn parse(query: &QueryMap) -> Result<Self, Error> {
        only(query, &PARAMETERS)?;
        let status = parameter(query, "status")?.map(parse_status).transpose()?;
        let filter = Filter {
            updated_from: parameter(query, "updatedFrom")?.map(moment).transpose()?,
            updated_to: parameter(query, "updatedTo")?.map(moment).transpose()?,
            profile: parameter(query, "profile")?.map(profile).transpose()?,
            key_prefix: parameter(query, "prefix")?.map(key_prefix).transpose()?,
        };
        let is_empty = filter.updated_from.as_ref().zip(filter.updated_to.as_ref());
        if is_empty.is_some_and(|(from, to)| from > to) {
            return Err(invalid("updatedFrom is later than updatedTo"));
        }
        let limit = parameter(query, "limit")?.map_or(Ok(USUAL_LIMIT), parse_limit)?;
        let digest = digest(status, &filter);
        let cursor = parameter(query, "cursor")?;
        let begun = cursor
            .map(|text| positions(text, &digest, &filter))
            .transpose()?;
        let wanted = JobStatus::iter().filter(|one| status.is_none_or(|status| status == *one));
        let streams = wanted.filter_map(|status| match &begun {
            Some(positions) => Some((status, positions.get(&status.to_string())?.clone())),
            None => Some((status, None)),
        });
        Ok(Self {
            streams: streams.collect(),
            filter,
            limit,
            digest,
        })
    }

    /// The page.
    ///
    /// # Errors
    /// The errors of `DynamoDB`.
    pub async fn read(self, jobs: &Jobs) -> Result<(Vec<Job>, Option<String>), Error> {
        let streams = self.streams.iter();
        let streams = streams.map(|(status, after)| self.stream(jobs, *status, after.clone()));
        let streams = try_join_all(streams).await?;
        let (page, positions) = merge(streams, self.limit.into());
        let cursor = Cursor {
            of: self.digest,
            positions,
        };
        let next = (!cursor.positions.is_empty()).then(|| encoded(&json!(cursor)));
        Ok((page, next))
    }

    /// The next jobs of a status, as many as a page may need.
    async fn stream(
        &self,
        jobs: &Jobs,
        status: JobStatus,
        after: Option<Position>,
    ) -> Result<Stream, Error> {
        let is_filtered = self.filter.profile.is_some() || self.filter.key_prefix.is_some();
        let looked_at = if is_filtered { LOOKED_AT } else { self.limit };
        let mut stream = Stream {
            status,
            told: after.clone(),
            jobs: VecDeque::new(),
            rest: after,
            is_over: false,
        };
        for _ in 0..QUERIES_LIMIT {
            let page = jobs
                .page(status, &self.filter, stream.rest.as_ref(), looked_at)
                .await?;
            stream.jobs.extend(page.jobs);
            stream.is_over = page.next.is_none();
            stream.rest = page.next;
            if stream.is_over || stream.jobs.len() >= usize::from(self.limit) {
                break;
            }
        }
        Ok(stream)
    }
}

/// The jobs of a status that were read.
#[derive(Debug)]
struct Stream {
    status: JobStatus,
    /// The last one that was told.
    told: Option<Position>,
    /// Those to tell.
    jobs: VecDeque<Job>,
    /// Where reading goes on.
    rest: Option<Position>,
    /// Whether nothing comes after `jobs`.
    is_over: bool,
}

/// Tells the streams' jobs in the order of time, up to `limit`, and how far each stream was told. Where a stream has no
/// more jobs in hand, but may have some, nobody knows which job is next: the page ends.
fn merge(mut streams: Vec<Stream>, limit: usize) -> (Vec<Job>, Positions) {
    let mut page = Vec::new();
    while page.len() < limit
        && !streams
            .iter()
            .any(|stream| stream.jobs.is_empty() && !stream.is_over)
    {
        let newest = streams.iter_mut().max_by(|one, other| {
            let key = |stream: &Stream| {
                let job = stream.jobs.front();
                job.map(|job| (job.updated_at.clone(), job.job_id.clone()))
            };
            key(one).cmp(&key(other))
        });
        let Some((stream, job)) =
            newest.and_then(|stream| stream.jobs.pop_front().map(|job| (stream, job)))
        else {
            break;
        };
        stream.told = Some(Position {
            updated_at: job.updated_at.clone(),
            job_id: job.job_id.clone(),
        });
        page.push(job);
    }
    let open = streams.into_iter().filter_map(|stream| {
        let position = match (stream.jobs.is_empty(), stream.is_over) {
            (true, true) => return None,
            (true, false) => stream.rest,
            (false, _) => stream.told,
        };
        Some((stream.status.to_string(), position))
    });
    (page, open.collect())
}

fn encoded(cursor: &Value) -> String {
    URL_SAFE_NO_PAD.encode(cursor.to_string())
}

/// Positions that a cursor names, if it is one of this listing.
fn positions(text: &str, digest: &str, filter: &Filter) -> Result<Positions, Error> {
    let odd = || invalid("the cursor is none that a listing with these filters gave");
    if text.len() > CURSOR_LIMIT_BYTES {
        return Err(odd());
    }
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| odd())?;
    let cursor: Cursor = serde_json::from_slice(&bytes).map_err(|_| odd())?;
    // A position outside of the bounds would be refused by DynamoDB.
    let is_within = |position: &Position| {
        let at = Some(&position.updated_at);
        moment(&position.updated_at).is_ok_and(|moment| moment == position.updated_at)
            && filter.updated_from.as_ref() <= at
            && filter.updated_to.as_ref().is_none_or(|to| at <= Some(to))
    };
    let known = cursor
        .positions
        .keys()
        .all(|status| parse_status(status).is_ok());
    let within = cursor.positions.values().flatten().all(is_within);
    (cursor.of == digest && known && within)
        .then_some(cursor.positions)
        .ok_or_else(odd)
}

/// What tells one listing from another.
fn digest(status: Option<JobStatus>, filter: &Filter) -> String {
    let filters = json!([
        status,
        filter.updated_from,
        filter.updated_to,
        filter.profile,
        filter.key_prefix
    ]);
    let mut digest = hex(&Sha256::digest(filters.to_string()));
    digest.truncate(16);
    digest
}

fn parse_status(text: &str) -> Result<JobStatus, Error> {
    serde_json::from_value(json!(text)).map_err(|_| invalid("there is no such status"))
}

fn parse_limit(text: &str) -> Result<u16, Error> {
    match text.parse() {
        Ok(limit @ 1..=HIGHEST_LIMIT) => Ok(limit),
        _ => Err(invalid(&format!(
            "a limit is a number from 1 to {HIGHEST_LIMIT}"
        ))),
    }
}

/// A moment in the form of the table.
fn moment(text: &str) -> Result<String, Error> {
    let moment = OffsetDateTime::parse(text, &Rfc3339).ok();
    // The first and the last hours of the calendar are not in it everywhere.
    let moment = moment.and_then(|moment| moment.checked_to_offset(UtcOffset::UTC));
    let moment = moment.filter(|moment| moment.year() >= 0);
    moment
        .map(clock::format)
        .ok_or_else(|| invalid("a moment is as 2026-11-21T20:15:00Z (RFC 3339)"))
}

fn profile(text: &str) -> Result<String, Error> {
    profiles::find(text)
        .map(|_| text.to_owned())
        .ok_or_else(|| invalid("there is no such profile"))
}

fn key_prefix(text: &str) -> Result<String, Error> {
    if text.is_empty() || text.len() > KEY_LIMIT_BYTES {
        return Err(invalid("a prefix has 1 to 1024 bytes"));
    }
    Ok(text.to_owned())
}

fn invalid(message: &str) -> Error {
    Error::InvalidInput(message.to_owned())
}

#[cfg(test)]
mod tests {
    use videoflow_shared::identity::JobId;

    use super::*;

    fn query(text: &str) -> QueryMap {
        text.parse().unwrap_or_default()
    }

    fn check(text: &str, is_valid: bool) {
        assert_eq!(Listing::parse(&query(text)).is_ok(), is_valid, "{text}");
    }

    #[test]
    fn reads_documented_queries_only() {
        check("", true);
        check("status=FAILED_QC&limit=200", true);
        check("status=failed", false);
        check("limit=0", false);
        check("limit=201", false);
        check("limit=1&limit=2", false);
        check("profile=lean&prefix=a/b", true);
        check("profile=odd", false);
        check("prefix=", false);
        check(
            "updatedFrom=2026-11-21T20:15:00Z&updatedTo=2026-11-21T21:15:00%2B01:00",
            true,
        );
        check(
            "updatedFrom=2026-11-21T20:15:01Z&updatedTo=2026-11-21T20:15:00Z",
            false,
        );
        check("updatedFrom=yesterday", false);
        check("updatedFrom=9999-12-31T23:59:59-01:00", false);
        check("updatedFrom=0000-01-01T00:00:00%2B01:00", false);
        check("cursor=x", false);
    }

    fn job(status: JobStatus, second: u32) -> Job {
        let updated = format!("2026-11-21T20:15:{second:02}.000Z");
        serde_json::from_value(json!({"JobId": JobId::of("b", &second.to_string(), "1", "default"), "JobStatus": status,
            "SourceBucket": "b", "SourceKey": second.to_string(), "SourceVersionId": "1", "Profile": "default",
            "CreatedAt": updated, "UpdatedAt": updated}))
        .unwrap_or_else(|error| unreachable!("{error}"))
    }

    fn stream(status: JobStatus, seconds: &[u32], is_over: bool) -> Stream {
        let jobs: VecDeque<Job> = seconds.iter().map(|second| job(status, *second)).collect();
        Stream {
            status,
            told: None,
            rest: jobs.back().filter(|_| !is_over).map(|job| Position {
                updated_at: job.updated_at.clone(),
                job_id: job.job_id.clone(),
            }),
            jobs,
            is_over,
        }
    }

    fn check_merge(
        streams: Vec<Stream>,
        limit: usize,
        told: &[&str],
        open: &[(&str, Option<&str>)],
    ) {
        let (page, positions) = merge(streams, limit);
        let keys: Vec<&str> = page.iter().map(|job| job.source_key.as_str()).collect();
        assert_eq!(keys, told);
        let found: Vec<_> = positions
            .iter()
            .map(|(status, position)| {
                let second = position
                    .as_ref()
                    .and_then(|position| position.updated_at.get(17..19));
                (status.as_str(), second)
            })
            .collect();
        assert_eq!(found, open);
    }

    #[test]
    fn streams_are_told_in_the_order_of_time() {
        use JobStatus::{Failed, Published};
        let both = |one_is_over, other_is_over| {
            vec![
                stream(Published, &[50, 30, 10], one_is_over),
                stream(Failed, &[40, 20], other_is_over),
            ]
        };
        check_merge(both(true, true), 9, &["50", "40", "30", "20", "10"], &[]);
        check_merge(
            both(true, true),
            2,
            &["50", "40"],
            &[("FAILED", Some("40")), ("PUBLISHED", Some("50"))],
        );
        // What comes after 20 is not known.
        check_merge(
            both(true, false),
            9,
            &["50", "40", "30", "20"],
            &[("FAILED", Some("20")), ("PUBLISHED", Some("30"))],
        );
        check_merge(
            both(true, true),
            1,
            &["50"],
            &[("FAILED", None), ("PUBLISHED", Some("50"))],
        );
        check_merge(vec![stream(Failed, &[], true)], 9, &[], &[]);
    }

    #[test]
    fn cursors_belong_to_their_filters() {
        let listing = |text: &str| Listing::parse(&query(text));
        let first =
            listing("status=FAILED&prefix=a").unwrap_or_else(|error| unreachable!("{error}"));
        let cursor = |second: &str| {
            let position = Position {
                updated_at: format!("2026-11-21T20:15:{second}Z"),
                job_id: JobId::of("b", "k", "1", "default"),
            };
            encoded(&json!({"of": first.digest, "positions": {"FAILED": position}}))
        };
        let good = cursor("10.000");
        let second = listing(&format!("status=FAILED&prefix=a&limit=7&cursor={good}"));
        let streams = second.map(|listing| listing.streams).unwrap_or_default();
        assert!(matches!(streams.as_slice(), [(JobStatus::Failed, Some(_))]));
        assert!(listing(&format!("status=FAILED&prefix=b&cursor={good}")).is_err());
        assert!(listing(&format!("status=FAILED&prefix=a&cursor={}", cursor("10"))).is_err());
        assert!(
            listing(&format!(
                "status=FAILED&prefix=a&cursor={}",
                cursor("99.000")
            ))
            .is_err()
        );
    }
}
