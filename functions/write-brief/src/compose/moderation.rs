//! Moderation decided by rule: the model has no say in it.

use videoflow_shared::brief::{Decision, Moderation};
use videoflow_shared::labels::{Flag, FlagSource};
use videoflow_shared::profiles::ModerationPolicy;

use super::Material;

/// Flags of all services that looked, and what follows from them.
pub(super) fn moderation(material: &Material<'_>) -> Moderation {
    let mut flags: Vec<Flag> = material
        .moderation
        .iter()
        .flat_map(|source| source.document.flags.clone())
        .collect();
    flags.extend(
        material
            .meaning
            .iter()
            .flat_map(|source| source.document.flags.clone()),
    );
    flags.sort_by(|left, right| {
        (left.start_ms, &left.category).cmp(&(right.start_ms, &right.category))
    });
    let have_both_looked = material.moderation.is_some() && material.meaning.is_some();
    Moderation {
        decision: decide(&flags, material.policy),
        policy_version: material.policy.version.clone(),
        disagreement: have_both_looked && disagree(&flags, material.policy),
        flags,
        speech_toxicity: Vec::new(),
    }
}

/// The strictest of what the counting flags demand.
fn decide(flags: &[Flag], policy: &ModerationPolicy) -> Decision {
    let decision = |flag: &Flag| {
        let is_listed = |categories: &[String]| {
            let names = [Some(&flag.category), flag.parent.as_ref()];
            names.into_iter().flatten().any(|name| {
                categories
                    .iter()
                    .any(|listed| listed.eq_ignore_ascii_case(name))
            })
        };
        if is_listed(&policy.blocked_categories) {
            Decision::Block
        } else if is_listed(&policy.reviewed_categories) {
            Decision::Review
        } else {
            Decision::Allow
        }
    };
    flags
        .iter()
        .filter(|flag| counts(flag, policy))
        .map(decision)
        .max()
        .unwrap_or(Decision::Allow)
}

fn counts(flag: &Flag, policy: &ModerationPolicy) -> bool {
    flag.confidence * 100.0 >= policy.minimum_confidence
}

/// Whether exactly one of the services flags anything: their categories differ, so no more can be compared.
fn disagree(flags: &[Flag], policy: &ModerationPolicy) -> bool {
    let flagged = |source: FlagSource| {
        flags
            .iter()
            .any(|flag| flag.source == source && counts(flag, policy))
    };
    flagged(FlagSource::Rekognition) != flagged(FlagSource::Bda)
}

#[cfg(test)]
mod tests {
    use videoflow_shared::labels::Severity;

    use super::*;

    fn policy() -> ModerationPolicy {
        ModerationPolicy {
            version: "1".into(),
            minimum_confidence: 80.0,
            blocked_categories: vec!["Explicit".into()],
            reviewed_categories: vec!["Violence".into()],
        }
    }

    fn flag(category: &str, parent: Option<&str>, confidence: f64, source: FlagSource) -> Flag {
        let (category, parent) = (category.to_owned(), parent.map(str::to_owned));
        Flag {
            category,
            parent,
            severity: Severity::of(confidence),
            confidence,
            source,
            start_ms: 0,
            end_ms: 1,
        }
    }

    fn check(flags: &[(&str, Option<&str>, f64)], expected: Decision) {
        let made = flags.iter().map(|(category, parent, sure)| {
            flag(category, *parent, *sure, FlagSource::Rekognition)
        });
        assert_eq!(
            decide(&made.collect::<Vec<_>>(), &policy()),
            expected,
            "{flags:?}"
        );
    }

    #[test]
    fn the_strictest_flag_decides() {
        check(&[], Decision::Allow);
        check(&[("Swimwear", None, 0.99)], Decision::Allow);
        check(&[("Violence", None, 0.80)], Decision::Review);
        check(&[("Violence", None, 0.7999)], Decision::Allow);
        check(&[("Fighting", Some("violence"), 0.9)], Decision::Review);
        check(
            &[("Violence", None, 0.9), ("Explicit", None, 0.9)],
            Decision::Block,
        );
        check(
            &[("Violence", None, 0.9), ("Explicit", None, 0.1)],
            Decision::Review,
        );
    }

    #[test]
    fn services_disagree_when_one_is_alone() {
        let check = |sources: &[FlagSource], expected: bool| {
            let flags: Vec<Flag> = sources
                .iter()
                .map(|source| flag("Violence", None, 0.9, *source))
                .collect();
            assert_eq!(disagree(&flags, &policy()), expected);
        };
        check(&[], false);
        check(&[FlagSource::Bda], true);
        check(&[FlagSource::Rekognition], true);
        check(&[FlagSource::Rekognition, FlagSource::Bda], false);
    }
}
