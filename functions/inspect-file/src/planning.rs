//! From a file that was accepted to its plan.

use videoflow_shared::identity::JobId;
use videoflow_shared::plan::{
    Analyses, ExpectedSeconds, Plan, PlannedSource, Rung, SourceVersion, Video, proxy_rung,
};
use videoflow_shared::prices::{Outlook, bill, predict};
use videoflow_shared::profiles::Profile;
use videoflow_shared::storage::Head;

use crate::ladder::ladder;
use crate::verdict::{Rejection, judge_price, judge_size, judge_video};

/// What a decision rests on.
#[derive(Debug, Clone)]
pub struct Found<'a> {
    /// Job.
    pub job: &'a JobId,
    /// The version that is processed.
    pub source: &'a SourceVersion,
    /// What S3 says of it.
    pub head: &'a Head,
    /// Name of the profile.
    pub profile_name: &'a str,
    /// The profile.
    pub profile: &'a Profile,
}

/// The plan for a video, or why there is none.
///
/// # Errors
/// The rejection.
pub fn plan(found: &Found<'_>, video: Video) -> Result<Plan, Rejection> {
    judge_size(found.head.size_bytes)?;
    judge_video(&video, found.profile)?;
    let variant = found.profile.variant(found.job);
    let wanted = variant
        .and_then(|variant| variant.analyses)
        .unwrap_or(found.profile.analyses);
    let analyses = Analyses {
        transcription: wanted.transcription && video.has_audio,
        ..wanted
    };
    let ladder = ladder(&video, &found.profile.ladder_heights);
    let outlook = Outlook {
        seconds: seconds(&video),
        outputs: &outputs(&ladder),
        has_audio: video.has_audio,
        analyses,
    };
    let predicted_cost = bill(&predict(&outlook));
    judge_price(predicted_cost.total_usd, found.profile)?;
    Ok(Plan {
        job_id: found.job.clone(),
        source: PlannedSource {
            bucket: found.source.bucket.clone(),
            key: found.source.key.clone(),
            version_id: found.source.version_id.clone(),
            etag: found.head.etag.clone(),
            size_bytes: found.head.size_bytes,
        },
        profile: found.profile_name.to_owned(),
        variant: variant.map(|variant| variant.name.clone()),
        expected_seconds: expected(&video),
        video,
        analyses,
        ladder,
        languages: found.profile.languages.clone(),
        speech: found.profile.speech.clone(),
        streaming: found.profile.streaming,
        predicted_cost,
    })
}

/// The fingerprint of the content: algorithm, value and size of its checksum. `None`: duplicates cannot be told.
pub fn fingerprint(head: &Head) -> Option<String> {
    let checksum = head.checksum.as_ref()?;
    Some(format!(
        "{}:{}:{}",
        checksum.algorithm, checksum.value, head.size_bytes
    ))
}

/// The claim on content under a profile. Without a fingerprint it is the job's own, so it never meets another.
pub fn claim_id(found: &Found<'_>) -> String {
    let content = fingerprint(found.head).unwrap_or_else(|| format!("job:{}", found.job.base()));
    format!("{content}#{}", found.profile.digest())
}

/// Short sides of all video outputs: every rung as a file and in the stream, and the proxy.
fn outputs(ladder: &[Rung]) -> Vec<u32> {
    let twice = ladder.iter().chain(ladder).copied();
    twice
        .chain(proxy_rung(ladder))
        .map(Rung::short_side)
        .collect()
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a duration in milliseconds is far below 2^52"
)]
fn seconds(video: &Video) -> f64 {
    video.duration_ms as f64 / 1000.0
}

/// Durations by what the services usually take: a constant for the queue and a share of the video's length.
fn expected(video: &Video) -> ExpectedSeconds {
    let seconds = u32::try_from(video.duration_ms.div_ceil(1000)).unwrap_or(u32::MAX);
    ExpectedSeconds {
        transcode: 20 + seconds / 2,
        labels: 20 + seconds / 3,
        transcription: 15 + seconds / 6,
        meaning: 30 + seconds / 2,
    }
}

#[cfg(test)]
mod tests {
    use videoflow_shared::profiles::{DEFAULT, find};
    use videoflow_shared::storage::Checksum;

    use super::*;
    use crate::verdict::Code;
    use crate::verdict::tests::video;

    fn check(head: &Head, profile: &Profile, video: Video, expected: Result<usize, Code>) {
        let job = JobId::of("b", "k", "1", "default");
        let source = SourceVersion {
            bucket: "b".into(),
            key: "k".into(),
            version_id: "1".into(),
        };
        let found = Found {
            job: &job,
            source: &source,
            head,
            profile_name: DEFAULT,
            profile,
        };
        let result = plan(&found, video);
        assert_eq!(
            result
                .map(|plan| plan.ladder.len())
                .map_err(|rejection| rejection.code),
            expected
        );
    }

    fn head() -> Head {
        let checksum = Checksum {
            algorithm: "CRC64NVME",
            value: "abc=".into(),
        };
        Head {
            size_bytes: 7,
            etag: "e".into(),
            checksum: Some(checksum),
            ..Head::default()
        }
    }

    fn profile() -> Profile {
        find(DEFAULT)
            .cloned()
            .unwrap_or_else(|| unreachable!("there is a default profile"))
    }

    #[test]
    fn plans_or_says_why_not() {
        check(&head(), &profile(), video(), Ok(4));
        check(
            &Head {
                size_bytes: 0,
                ..head()
            },
            &profile(),
            video(),
            Err(Code::EmptyFile),
        );
        check(
            &head(),
            &profile(),
            Video {
                has_video: false,
                ..video()
            },
            Err(Code::NoVideoTrack),
        );
        let stingy = Profile {
            price_limit_usd: 0.01,
            ..profile()
        };
        check(&head(), &stingy, video(), Err(Code::PriceOverLimit));
    }

    #[test]
    fn silent_video_is_not_transcribed() {
        let job = JobId::of("b", "k", "1", "default");
        let source = SourceVersion {
            bucket: "b".into(),
            key: "k".into(),
            version_id: "1".into(),
        };
        let (head, profile) = (head(), profile());
        let found = Found {
            job: &job,
            source: &source,
            head: &head,
            profile_name: DEFAULT,
            profile: &profile,
        };
        let planned = plan(
            &found,
            Video {
                has_audio: false,
                ..video()
            },
        );
        assert_eq!(planned.map(|plan| plan.analyses.transcription), Ok(false));
    }

    #[test]
    fn claims_meet_by_content_and_profile() {
        let (source, profile) = (
            SourceVersion {
                bucket: "b".into(),
                key: "k".into(),
                version_id: "1".into(),
            },
            profile(),
        );
        let claim = |key: &str, head: &Head| {
            let job = JobId::of("b", key, "1", "default");
            claim_id(&Found {
                job: &job,
                source: &source,
                head,
                profile_name: DEFAULT,
                profile: &profile,
            })
        };
        assert_eq!(claim("k", &head()), claim("another", &head()));
        assert_ne!(
            claim("k", &head()),
            claim(
                "k",
                &Head {
                    size_bytes: 8,
                    ..head()
                }
            )
        );
        assert_eq!(
            claim("k", &head()),
            format!("CRC64NVME:abc=:7#{}", profile.digest())
        );
        let unknown = Head {
            checksum: None,
            ..head()
        };
        assert_ne!(claim("k", &unknown), claim("another", &unknown));
    }
}
