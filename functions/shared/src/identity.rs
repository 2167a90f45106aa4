//! Names that make every start idempotent: job ids, stages, tokens of service jobs.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Hexadecimal digits of the SHA-256 that a job id keeps: 160 bits.
const DIGEST_DIGITS: usize = 40;
/// Highest number of a forced run: keeps tokens within the 64 characters that `MediaConvert` and Rekognition allow.
pub const FORCED_RUNS_LIMIT: u32 = 9999;
/// Highest attempt at a stage, for the same reason.
pub const ATTEMPTS_LIMIT: u32 = 999;

/// Name that is not a job id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Not `v-` and 40 hexadecimal digits, nor that with `-r<N>` behind it.
    #[error("`{0}` is not a job id (v-, 40 hexadecimal digits, optionally -r and a number)")]
    Malformed(String),
    /// More forced runs than names allow.
    #[error("at most {FORCED_RUNS_LIMIT} forced runs of a job")]
    TooManyRuns,
}

/// A job's name: also the name of its execution of process-video.
///
/// `v-` and the first 40 hexadecimal digits of SHA-256 over bucket, key, version id and profile, each preceded by
/// its byte length as u64 big-endian; a forced run appends `-r<N>`, 1 ≤ N ≤ 9999.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct JobId(String);

impl JobId {
    /// Id of the job that processes this version of this object under this profile.
    pub fn of(bucket: &str, key: &str, version_id: &str, profile: &str) -> Self {
        let mut digest = Sha256::new();
        for part in [bucket, key, version_id, profile] {
            digest.update((part.len() as u64).to_be_bytes());
            digest.update(part.as_bytes());
        }
        let mut id = hex(&digest.finalize());
        id.truncate(DIGEST_DIGITS);
        Self(format!("v-{id}"))
    }

    /// Id of the forced run number `run` of the same content.
    ///
    /// # Errors
    /// [`Error::TooManyRuns`].
    pub fn forced(&self, run: u32) -> Result<Self, Error> {
        if run == 0 || run > FORCED_RUNS_LIMIT {
            return Err(Error::TooManyRuns);
        }
        Ok(Self(format!("{}-r{run}", self.base().0)))
    }

    /// The id without the number of a forced run.
    #[must_use]
    pub fn base(&self) -> Self {
        Self(self.0.chars().take(2 + DIGEST_DIGITS).collect())
    }

    /// Whether this is a forced run.
    pub fn is_forced(&self) -> bool {
        self.0.len() > 2 + DIGEST_DIGITS
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The number that chooses a variant: the same for the same base job, evenly spread.
    pub fn spread(&self) -> u32 {
        let digits: String = self.0.chars().skip(2).take(8).collect();
        u32::from_str_radix(&digits, 16).unwrap_or(0)
    }
}

impl FromStr for JobId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let malformed = || Error::Malformed(text.chars().take(80).collect());
        let rest = text.strip_prefix("v-").ok_or_else(malformed)?;
        let (digits, run) = match rest.split_once("-r") {
            Some((digits, run)) => (digits, Some(run)),
            None => (rest, None),
        };
        let is_digest = digits.len() == DIGEST_DIGITS
            && digits
                .bytes()
                .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        let is_run = run.is_none_or(|run| {
            !run.starts_with('0')
                && run.bytes().all(|b| b.is_ascii_digit())
                && run.parse().is_ok_and(|n: u32| n <= FORCED_RUNS_LIMIT)
        });
        if is_digest && is_run {
            Ok(Self(text.to_owned()))
        } else {
            Err(malformed())
        }
    }
}

impl TryFrom<String> for JobId {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl From<JobId> for String {
    fn from(id: JobId) -> Self {
        id.0
    }
}

impl fmt::Display for JobId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// A step of a job that a paid service works on.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    strum::IntoStaticStr,
    strum::Display,
    strum::EnumIter,
)]
#[serde(rename_all = "camelCase")]
#[strum(serialize_all = "camelCase")]
pub enum Stage {
    /// `MediaConvert`.
    Transcode,
    /// Rekognition labels.
    Labels,
    /// Rekognition content moderation.
    Moderation,
    /// Transcribe.
    Transcription,
    /// Bedrock Data Automation.
    Meaning,
}

impl Stage {
    /// Name in the ledger and in places.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// Token or name of a service job, `<job id>-<stage>-<attempt>`: the same for a repeated start, new for a new attempt.
///
/// Letters, digits and hyphens, at most 64 characters for the stages whose service allows no more.
pub fn service_token(job: &JobId, stage: Stage, attempt: u32) -> String {
    format!("{job}-{stage}-{attempt}")
}

/// Lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    use fmt::Write;
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            // Writing to a String cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, is_valid: bool) {
        assert_eq!(text.parse::<JobId>().is_ok(), is_valid, "{text}");
    }

    #[test]
    fn parses_job_ids_only() {
        let base = format!("v-{}", "0a".repeat(20));
        check(&base, true);
        check(&format!("{base}-r1"), true);
        check(&format!("{base}-r9999"), true);
        check(&format!("{base}-r10000"), false);
        check(&format!("{base}-r0"), false);
        check(&format!("{base}-r"), false);
        check(&format!("{base}-r1x"), false);
        check(&base.to_uppercase(), false);
        check(&base[..41], false);
        check(&format!("{base}0"), false);
        check("", false);
    }

    #[test]
    fn id_depends_on_where_the_parts_end() {
        let id = JobId::of("b", "k", "1", "default");
        assert_eq!(id, JobId::of("b", "k", "1", "default"));
        assert_ne!(id, JobId::of("bk", "", "1", "default"));
        assert_ne!(id, JobId::of("b", "k", "2", "default"));
        assert_eq!(id.as_str().len(), 42);
        assert_eq!(id.as_str().parse(), Ok(id));
    }

    #[test]
    fn forced_runs_keep_the_base() {
        let id = JobId::of("b", "k", "1", "default");
        let forced = id
            .forced(12)
            .unwrap_or_else(|error| unreachable!("{error}"));
        assert_eq!(forced.as_str(), format!("{id}-r12"));
        assert_eq!(forced.base(), id);
        assert!(forced.is_forced() && !id.is_forced());
        assert_eq!(forced.spread(), id.spread());
        assert_eq!(id.forced(10_000), Err(Error::TooManyRuns));
    }

    #[test]
    fn longest_tokens_fit_the_services() {
        let id = JobId::of("b", "k", "1", "p")
            .forced(FORCED_RUNS_LIMIT)
            .unwrap_or_else(|error| unreachable!("{error}"));
        for stage in [Stage::Transcode, Stage::Labels, Stage::Moderation] {
            assert!(
                service_token(&id, stage, ATTEMPTS_LIMIT).len() <= 64,
                "{stage}"
            );
        }
    }
}
