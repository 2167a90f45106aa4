//! From a file that was accepted to its plan.

use videoflow_shared::identity::JobId;
use videoflow_shared::plan::{ExpectedSeconds, Plan, PlannedSource, SourceVersion, Video};
use videoflow_shared::prices::{Outlook, bill, predict};
use videoflow_shared::profiles::Profile;
use videoflow_shared::storage::Head;

use crate::ladder::ladder;
use crate::limits;
use crate::route::route;
use crate::verdict::{Rejection, judge_size, judge_video};

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
    let plan = draft(found, video);
    limits::judge(&plan.video, &plan.ladder, plan.analyses)?;
    Ok(plan)
}

/// The plan for a video that can be processed, whatever it costs.
fn draft(found: &Found<'_>, video: Video) -> Plan {
    let (source, profile) = (found.source, found.profile);
    let variant = profile.variant(found.job);
    let wanted = variant.and_then(|variant| variant.analyses);
    let wanted = wanted.unwrap_or(profile.analyses);
    let heights = variant.and_then(|variant| variant.ladder_heights.as_ref());
    let heights = heights.unwrap_or(&profile.ladder_heights);
    let streaming = variant.and_then(|variant| variant.streaming);
    let streaming = streaming.unwrap_or(profile.streaming);
    let route = route(&video, found.head.size_bytes, wanted, profile.routing);
    let ladder = ladder(&video, heights);
    let outlook = Outlook {
        seconds: seconds(&video),
        frame_rate: video.frame_rate,
        ladder: &ladder,
        streaming,
        has_audio: video.has_audio,
        analyses: route.analyses,
    };
    Plan {
        job_id: found.job.clone(),
        source: PlannedSource {
            bucket: source.bucket.clone(),
            key: source.key.clone(),
            version_id: source.version_id.clone(),
            etag: found.head.etag.clone(),
            size_bytes: found.head.size_bytes,
        },
        profile: found.profile_name.to_owned(),
        variant: variant.map(|variant| variant.name.clone()),
        expected_seconds: expected(&video),
        predicted_cost: bill(&predict(&outlook)),
        video,
        traits: route.traits,
        analyses: route.analyses,
        omitted: route.omitted,
        ladder,
        languages: profile.languages.clone(),
        speech: profile.speech.clone(),
        streaming,
    }
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
        let patient = Profile {
            maximum_duration_seconds: u32::MAX,
            ..profile()
        };
        let long = Video {
            duration_ms: 240 * 60_000 + 1,
            ..video()
        };
        check(&head(), &patient, long, Err(Code::TooLong));
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
