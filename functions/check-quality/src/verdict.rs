//! What the results of the checks add up to.

use serde::{Deserialize, Serialize};
use videoflow_shared::brief::Brief;
use videoflow_shared::brief::review::clipped;
use videoflow_shared::labels::rounded;
use videoflow_shared::location::S3Uri;
use videoflow_shared::profiles::{Profile, QualityThresholds};

use crate::checks::Outcome;
use crate::review;

/// Characters of a refusal: what failed is told by its beginning.
const REFUSAL_CHARACTERS: usize = 1000;

/// Faults of a check that the job item keeps: it is read whole at every look at a job.
const ITEM_FAULTS: usize = 3;

/// Output.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Verdict {
    /// Whether it may be published.
    pub passed: bool,
    /// Weighted mean of the checks' scores, 0..1.
    pub score: f64,
    /// Why it may not be published, in words.
    pub refusal: Option<String>,
    /// The whole report.
    pub report: S3Uri,
    /// Whether a person has to look first.
    pub is_review_needed: bool,
    /// Why.
    pub review_reason: Option<String>,
    /// What the person is shown.
    pub evidence: Option<review::Evidence>,
    /// The same in words.
    pub notice: Option<String>,
}

/// What the checks found (`quality.json`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Report {
    /// Whether it may be published: no essential check failed, and the score reaches the profile's.
    pub passed: bool,
    /// Weighted mean of the checks' scores, 0..1.
    pub score: f64,
    /// What the profile takes.
    pub thresholds: QualityThresholds,
    /// Why it may not be published, in words.
    pub refusal: Option<String>,
    /// Why a person has to look first.
    pub review_reason: Option<String>,
    /// The checks.
    pub checks: Vec<Outcome>,
}

impl Report {
    /// What the checks add up to; without a brief there is nothing to review.
    pub fn new(checks: Vec<Outcome>, brief: Option<&Brief>, profile: &Profile) -> Self {
        let total: f64 = checks.iter().map(|one| f64::from(one.weight)).sum();
        let parts = checks.iter().map(|one| f64::from(one.weight) * one.score);
        let score = rounded(parts.sum::<f64>() / total.max(1.0));
        let has_failed = checks
            .iter()
            .any(|one| !one.passed && one.check.is_essential());
        let passed = !has_failed && score >= profile.quality.minimum_score;
        Self {
            passed,
            score,
            thresholds: profile.quality,
            refusal: (!passed).then(|| refusal(&checks, score, profile)),
            review_reason: brief.and_then(|brief| review::reason(brief, profile)),
            checks,
        }
    }

    /// The checks with fewer faults each: all of them have less than 32 KiB.
    pub fn shortened(&self) -> Vec<Outcome> {
        let mut checks = self.checks.clone();
        for check in &mut checks {
            check.faults.truncate(ITEM_FAULTS);
        }
        checks
    }

    /// What the state machine gets to know; the rest lies at `report`.
    pub fn verdict(self, report: S3Uri, shown: Option<(review::Evidence, String)>) -> Verdict {
        let (evidence, notice) = shown.unzip();
        Verdict {
            passed: self.passed,
            score: self.score,
            refusal: self.refusal,
            report,
            is_review_needed: self.review_reason.is_some(),
            review_reason: self.review_reason,
            evidence,
            notice,
        }
    }
}

/// What the essential checks say; else the score and what all of them say.
fn refusal(checks: &[Outcome], score: f64, profile: &Profile) -> String {
    let failed = |is_wanted: fn(&Outcome) -> bool| {
        let failed = checks.iter().filter(|one| !one.passed && is_wanted(one));
        let told: Vec<String> = failed.filter_map(told).collect();
        clipped(&told.join(" "), REFUSAL_CHARACTERS)
    };
    let essential = failed(|one| one.check.is_essential());
    if essential.is_empty() {
        let minimum = profile.quality.minimum_score;
        let all = failed(|_| true);
        format!("The quality score is {score}; the profile wants {minimum}. {all}")
    } else {
        essential
    }
}

/// The first fault of a check, by file and reason, and how many more there are.
fn told(outcome: &Outcome) -> Option<String> {
    let first = outcome.faults.first()?;
    let (file, reason) = (&first.file, first.reason.trim_end_matches('.'));
    Some(match outcome.fault_count - 1 {
        0 => format!("{file}: {reason}."),
        more => format!("{file}: {reason} (and {more} more)."),
    })
}

#[cfg(test)]
mod tests {
    use strum::IntoEnumIterator as _;
    use videoflow_shared::brief::Decision;
    use videoflow_shared::profiles::Review;

    use super::*;
    use crate::checks::tests::sample;
    use crate::checks::{self, Check, Fault};

    fn check(
        failed: &[Check],
        decision: Decision,
        review: Review,
        expected: (bool, bool),
    ) -> Verdict {
        let mut brief = sample().0;
        brief.moderation.decision = decision;
        let mut profile = videoflow_shared::profiles::find("default")
            .cloned()
            .unwrap_or_else(|| unreachable!("default"));
        profile.review = review;
        let outcome = |check: Check| {
            let has_failed = failed.contains(&check);
            let fault = Fault {
                file: "brief.json".into(),
                reason: format!("{check:?} failed."),
            };
            Outcome {
                check,
                passed: !has_failed,
                weight: check.weight(),
                looked_at: 2,
                score: if has_failed { 0.0 } else { 1.0 },
                fault_count: if has_failed { 7 } else { 0 },
                faults: vec![fault; if has_failed { 7 } else { 0 }],
            }
        };
        let report = Report::new(Check::iter().map(outcome).collect(), Some(&brief), &profile);
        let kept = report.shortened();
        assert!(kept.iter().all(|one| one.faults.len() <= ITEM_FAULTS));
        let verdict = report.verdict(S3Uri::new("b", "work/j/quality.json"), None);
        assert_eq!(
            (verdict.passed, verdict.is_review_needed),
            expected,
            "{failed:?}"
        );
        verdict
    }

    #[test]
    fn essential_checks_decide_alone() {
        let verdict = check(&[], Decision::Allow, Review::WhenFlagged, (true, false));
        assert!((verdict.score - 1.0).abs() < f64::EPSILON);
        assert_eq!(verdict.refusal, None);
        check(
            &[Check::Schema],
            Decision::Allow,
            Review::WhenFlagged,
            (false, false),
        );
        check(
            &[Check::Renditions],
            Decision::Allow,
            Review::WhenFlagged,
            (false, false),
        );
        check(
            &[Check::Moderation],
            Decision::Allow,
            Review::WhenFlagged,
            (false, false),
        );
        let failed = [Check::Subtitles, Check::Duration];
        let verdict = check(
            &failed,
            Decision::Allow,
            Review::WhenFlagged,
            (false, false),
        );
        assert_eq!(
            verdict.refusal.as_deref(),
            Some("brief.json: Duration failed (and 6 more).")
        );
    }

    #[test]
    fn other_checks_lower_the_score() {
        let verdict = check(
            &[Check::Subtitles],
            Decision::Allow,
            Review::WhenFlagged,
            (true, false),
        );
        assert!(verdict.score < 1.0);
        let many = [
            Check::Evidence,
            Check::Quotes,
            Check::Chapters,
            Check::Thumbnails,
            Check::Sound,
            Check::Times,
        ];
        let verdict = check(&many, Decision::Allow, Review::WhenFlagged, (false, false));
        let refusal = verdict.refusal.unwrap_or_default();
        assert!(refusal.starts_with("The quality score is 0."), "{refusal}");
    }

    #[test]
    fn people_look_when_the_profile_says_so() {
        check(&[], Decision::Review, Review::WhenFlagged, (true, true));
        check(&[], Decision::Review, Review::Never, (true, false));
        check(&[], Decision::Allow, Review::Always, (true, true));
    }

    #[test]
    fn what_is_no_brief_fails() {
        let document = serde_json::json!({"title": 1});
        let profile = videoflow_shared::profiles::find("default");
        let profile = profile.unwrap_or_else(|| unreachable!("default"));
        let report = Report::new(checks::unreadable(&document), None, profile);
        assert!(!report.passed && report.checks.iter().all(|one| one.fault_count > 0));
        let refusal = report.refusal.unwrap_or_default();
        assert!(refusal.starts_with("brief.json: "), "{refusal}");
    }

    #[test]
    fn the_job_item_keeps_little() {
        let fault = Fault {
            file: "stream/index_1080p_000000001.m4s".into(),
            reason: "x".repeat(300),
        };
        let outcome = |check: Check| Outcome {
            check,
            passed: false,
            weight: 3,
            looked_at: 100_000,
            score: 0.1234,
            fault_count: 100_000,
            faults: vec![fault.clone(); checks::FAULTS_LIMIT],
        };
        let profile = videoflow_shared::profiles::find("default");
        let profile = profile.unwrap_or_else(|| unreachable!("default"));
        let report = Report::new(Check::iter().map(outcome).collect(), None, profile);
        let kept = serde_json::to_vec(&report.shortened()).unwrap_or_default();
        assert!((1..32 * 1024).contains(&kept.len()), "{}", kept.len());
    }
}
