//! What a deletion cannot reach, and when it is gone by itself.

use time::{Duration, OffsetDateTime};
use videoflow_shared::clock;
use videoflow_shared::jobs::{Deletion, DeletionStatus, Remainder};
use videoflow_shared::settings::{Error, Setting, read_number};

/// Days that Step Functions keeps the history of an execution that has ended.
/// <https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html>
const HISTORY_DAYS: u32 = 90;
/// Days that Transcribe keeps the record of a job.
/// <https://docs.aws.amazon.com/transcribe/latest/dg/limits-guidelines.html>
const TRANSCRIPTION_DAYS: u32 = 90;
/// Days that Rekognition keeps the results of a video.
/// <https://docs.aws.amazon.com/rekognition/latest/dg/api-video.html>
const RECOGNITION_DAYS: u32 = 7;
/// Days that SQS keeps a message at most.
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html>
const MESSAGE_DAYS: u32 = 14;

/// Days that this environment keeps things.
#[derive(Debug, Clone, Copy)]
pub struct Retention {
    access_logs: u32,
    event_archive: u32,
    logs: u32,
    recovery: u32,
}

impl Retention {
    /// What the environment says.
    ///
    /// # Errors
    /// All of [`Error`].
    pub fn from_settings() -> Result<Self, Error> {
        Ok(Self {
            access_logs: read_number(Setting::AccessLogRetentionDays)?,
            event_archive: read_number(Setting::EventArchiveDays)?,
            logs: read_number(Setting::LogRetentionDays)?,
            recovery: read_number(Setting::RecoveryDays)?,
        })
    }

    /// The deletion as it is when it is done.
    pub fn done(&self, deletion: Deletion, now: OffsetDateTime) -> Deletion {
        let remains = [
            (
                "histories of the executions, with inputs, outputs and errors of their states",
                HISTORY_DAYS,
            ),
            (
                "items of the tables, by point-in-time recovery",
                self.recovery,
            ),
            ("logs of the functions and of the API", self.logs),
            ("access logs of the buckets", self.access_logs),
            (
                "domain events, in the archive of the bus",
                self.event_archive,
            ),
            (
                "messages about the video in the queue of failed videos and in dead-letter queues",
                MESSAGE_DAYS,
            ),
            (
                "records of Transcribe's jobs, without text",
                TRANSCRIPTION_DAYS,
            ),
            (
                "labels at Rekognition, by the id of its job",
                RECOGNITION_DAYS,
            ),
        ];
        let remainder = |(what, days): (&str, u32)| Remainder {
            what: what.to_owned(),
            until: clock::format(now + Duration::days(days.into())),
        };
        Deletion {
            status: DeletionStatus::Done,
            remains: remains.map(remainder).into(),
            finished_at: Some(clock::format(now)),
            ..deletion
        }
    }
}

#[cfg(test)]
mod tests {
    use videoflow_shared::jobs::SourceFate;

    use super::*;

    #[test]
    fn every_remainder_says_when_it_is_gone() {
        let retention = Retention {
            access_logs: 1,
            event_archive: 2,
            logs: 3,
            recovery: 35,
        };
        let asked = Deletion::requested(SourceFate::Keep, None);
        let done = retention.done(asked, OffsetDateTime::UNIX_EPOCH);
        let until = |part: &str| {
            let mut remains = done.remains.iter();
            let found = remains.find(|remainder| remainder.what.contains(part));
            found.map(|remainder| remainder.until.get(..10).unwrap_or_default())
        };
        assert_eq!(until("histories"), Some("1970-04-01"));
        assert_eq!(until("point-in-time"), Some("1970-02-05"));
        assert_eq!(until("logs of the functions"), Some("1970-01-04"));
        assert_eq!(until("access logs"), Some("1970-01-02"));
        assert_eq!(until("archive"), Some("1970-01-03"));
        assert_eq!(done.status, DeletionStatus::Done);
        assert_eq!(
            done.finished_at.as_deref(),
            Some("1970-01-01T00:00:00.000Z")
        );
    }
}
