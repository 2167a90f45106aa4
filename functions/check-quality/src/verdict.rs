//! What the results of the checks add up to.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use videoflow_shared::brief::review::clipped;
use videoflow_shared::brief::{self, Brief, Decision};
use videoflow_shared::labels::rounded;
use videoflow_shared::profiles::{Profile, Review};

use crate::checks::{Check, Outcome};

/// Characters of a refusal: what failed is told by its beginning.
const REFUSAL_CHARACTERS: usize = 1000;

/// Output.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Verdict {
    /// Whether it may be published.
    pub passed: bool,
    /// Weighted share of the checks that passed, 0..1.
    pub score: f64,
    /// Why it may not be published, in words.
    pub refusal: Option<String>,
    /// The checks.
    pub results: Vec<Outcome>,
    /// Whether a person has to look first.
    pub is_review_needed: bool,
    /// Why.
    pub review_reason: Option<String>,
}

/// Passed when no essential check failed and the score reaches the profile's.
pub(crate) fn verdict(results: Vec<Outcome>, brief: &Brief, profile: &Profile) -> Verdict {
    let weight = |outcomes: &mut dyn Iterator<Item = &Outcome>| {
        outcomes.map(|one| one.check.weight()).sum::<u32>()
    };
    let total = weight(&mut results.iter()).max(1);
    let score =
        rounded(f64::from(weight(&mut results.iter().filter(|one| one.passed))) / f64::from(total));
    let has_failed = results
        .iter()
        .any(|one| !one.passed && one.check.is_essential());
    let review_reason = review_reason(brief, profile);
    let passed = !has_failed && score >= profile.quality.minimum_score;
    Verdict {
        passed,
        score,
        refusal: (!passed).then(|| refusal(&results, score, profile)),
        results,
        is_review_needed: review_reason.is_some(),
        review_reason,
    }
}

/// What an essential check says; else the score and what all of them say.
fn refusal(results: &[Outcome], score: f64, profile: &Profile) -> String {
    let failed = |is_wanted: fn(&Outcome) -> bool| {
        let failed = results.iter().filter(|one| !one.passed && is_wanted(one));
        let told = failed.filter_map(|one| one.message.as_deref());
        let told = told.collect::<Vec<_>>().join(" ");
        clipped(&told, REFUSAL_CHARACTERS)
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

/// Verdict on a document that is no brief.
pub(crate) fn unreadable(document: &Value) -> Verdict {
    let message = brief::violations(document).join("; ");
    let message = if message.is_empty() {
        "it is no brief".to_owned()
    } else {
        message
    };
    let refusal = Some(clipped(&message, REFUSAL_CHARACTERS));
    let message = Some(message);
    let results = vec![Outcome {
        check: Check::Schema,
        passed: false,
        message,
    }];
    Verdict {
        passed: false,
        score: 0.0,
        refusal,
        results,
        is_review_needed: false,
        review_reason: None,
    }
}

fn review_reason(brief: &Brief, profile: &Profile) -> Option<String> {
    match (profile.review, brief.moderation.decision) {
        (Review::Never, _) | (Review::WhenFlagged, Decision::Allow) => None,
        (Review::Always, Decision::Allow) => {
            Some("The profile wants a person to look at every video.".to_owned())
        }
        (Review::Always | Review::WhenFlagged, Decision::Review | Decision::Block) => {
            let mut categories: Vec<&str> = brief
                .moderation
                .flags
                .iter()
                .map(|flag| flag.category.as_str())
                .collect();
            categories.sort_unstable();
            categories.dedup();
            Some(format!("Moderation flags: {}", categories.join(", ")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::tests::sample;

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
        let results = Check::all().map(|check| Outcome {
            check,
            passed: !failed.contains(&check),
            message: failed
                .contains(&check)
                .then(|| format!("{check:?} failed.")),
        });
        let verdict = verdict(results.collect(), &brief, &profile);
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
        assert_eq!(verdict.refusal.as_deref(), Some("Duration failed."));
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
            Check::Manifests,
            Check::Evidence,
            Check::Quotes,
            Check::Chapters,
            Check::Thumbnails,
            Check::Times,
            Check::Subtitles,
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
        let verdict = unreadable(&serde_json::json!({"title": 1}));
        assert!(!verdict.passed && verdict.results.iter().all(|one| one.message.is_some()));
    }
}
