//! What a reviewer is given: why a person has to look, at which moments, and where picture and draft lie. Places only.

use serde::{Deserialize, Serialize};
use videoflow_shared::brief::{Brief, Decision, ModerationReason};
use videoflow_shared::identity::JobId;
use videoflow_shared::location::S3Uri;
use videoflow_shared::profiles::{Profile, Review};
use videoflow_shared::timeline::Timeline;

/// Moments that are shown, the strictest and surest first: a state's payload stays small.
const MOMENTS_LIMIT: usize = 20;

/// What a reviewer is given.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Evidence {
    /// What the policy decided.
    pub decision: Decision,
    /// By which policy.
    pub policy_version: String,
    /// Whether one service flags what the other does not.
    pub disagreement: bool,
    /// What stands against publication.
    pub moments: Vec<Moment>,
    /// Moments beyond these; the draft has them all.
    pub further_moments: usize,
    /// The brief as it would be published.
    pub draft: S3Uri,
    /// The video as it would be published, small.
    pub video: S3Uri,
    /// What the names of the thumbnails begin with.
    pub thumbnails: S3Uri,
}

/// A moment that stands against publication.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Moment {
    /// Why.
    pub reason: ModerationReason,
    /// Picture of it.
    pub thumbnail: Option<S3Uri>,
}

/// Why a person has to look before publication; `None`: nobody has to.
pub(crate) fn reason(brief: &Brief, profile: &Profile) -> Option<String> {
    match (profile.review, brief.moderation.decision) {
        (Review::Never, _) | (Review::WhenFlagged, Decision::Allow) => None,
        (Review::Always, Decision::Allow) => {
            Some("The profile wants a person to look at every video.".to_owned())
        }
        (Review::Always | Review::WhenFlagged, Decision::Review | Decision::Block) => {
            let reasons = brief.moderation.reasons.iter();
            let mut categories: Vec<&str> = reasons.map(|one| one.category.as_str()).collect();
            categories.sort_unstable();
            categories.dedup();
            Some(format!("Moderation flags: {}", categories.join(", ")))
        }
    }
}

/// The evidence for a reviewer.
pub(crate) fn evidence(brief: &Brief, timeline: &Timeline, draft: S3Uri) -> Evidence {
    let moderation = &brief.moderation;
    let thumbnails = &timeline.renditions.thumbnails;
    let moment = |reason: &ModerationReason| Moment {
        reason: reason.clone(),
        thumbnail: thumbnails.at(
            reason.start_ms.midpoint(reason.end_ms),
            timeline.duration_ms,
        ),
    };
    let shown = moderation.reasons.iter().take(MOMENTS_LIMIT);
    Evidence {
        decision: moderation.decision,
        policy_version: moderation.policy_version.clone(),
        disagreement: moderation.disagreement,
        moments: shown.map(moment).collect(),
        further_moments: moderation.reasons.len().saturating_sub(MOMENTS_LIMIT),
        draft,
        video: timeline.renditions.proxy.clone(),
        thumbnails: thumbnails.prefix.clone(),
    }
}

/// The same in words, for the notice.
pub(crate) fn notice(job: &JobId, reason: &str, evidence: &Evidence) -> String {
    let clock = |ms: u64| format!("{}:{:02}", ms / 60_000, ms / 1000 % 60);
    let moment = |moment: &Moment| {
        let reason = &moment.reason;
        let source: &str = reason.source.into();
        format!(
            "\n{}-{} {} ({source}, {:.0} %)",
            clock(reason.start_ms),
            clock(reason.end_ms),
            reason.category,
            reason.confidence * 100.0
        )
    };
    let moments: String = evidence.moments.iter().map(moment).collect();
    format!(
        "{job} awaits review. {reason}{moments}\nVideo: {}\nDraft: {}\nPictures: {}",
        evidence.video, evidence.draft, evidence.thumbnails
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use videoflow_shared::brief::EvidenceSource;

    use super::*;
    use crate::checks::tests::sample;

    fn against(count: u64) -> Brief {
        let mut brief = sample().0;
        let reason = |number: u64| ModerationReason {
            decision: Decision::Review,
            category: format!("Category {number}"),
            source: EvidenceSource::Rekognition,
            confidence: 0.954,
            start_ms: number * 1000,
            end_ms: number * 1000 + 500,
        };
        brief.moderation.decision = Decision::Review;
        brief.moderation.reasons = (0..count).map(reason).collect();
        brief
    }

    #[test]
    fn evidence_shows_the_moments_and_stays_small() {
        let timeline = sample().1;
        let draft = S3Uri::new("out", "work/j/brief.json");
        let shown = evidence(&against(1000), &timeline, draft);
        assert_eq!(
            (shown.moments.len(), shown.further_moments),
            (MOMENTS_LIMIT, 980)
        );
        assert!(
            shown
                .moments
                .iter()
                .all(|moment| moment.thumbnail.is_some())
        );
        let size = json!(shown).to_string().len();
        assert!(size < 16 * 1024, "{size} bytes");
    }

    #[test]
    fn a_notice_says_what_to_look_at_and_where() {
        let (brief, (_, timeline)) = (against(2), sample());
        let shown = evidence(&brief, &timeline, S3Uri::new("out", "work/j/brief.json"));
        let text = notice(&timeline.job_id, "Moderation flags: Category 1", &shown);
        assert!(
            text.contains("\n0:01-0:01 Category 1 (rekognition, 95 %)\n"),
            "{text}"
        );
        assert!(text.contains("Draft: s3://out/work/j/brief.json"), "{text}");
    }

    #[test]
    fn flags_that_do_not_count_are_no_reason() {
        let profile = videoflow_shared::profiles::find("moderated");
        let profile = profile.unwrap_or_else(|| unreachable!("moderated"));
        assert_eq!(reason(&sample().0, profile), None);
        let told = reason(&against(2), profile).unwrap_or_default();
        assert_eq!(told, "Moderation flags: Category 0, Category 1");
    }
}
