//! Moderation decided by rule: a pure function of what the services flag and of the profile's policy. The model that
//! writes has no say in it, and its words are not looked at.

use std::collections::BTreeMap;

use videoflow_shared::brief::{Decision, EvidenceSource, Moderation, ModerationReason, Toxicity};
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
    let toxicity = material.transcript.iter();
    let speech_toxicity: Vec<Toxicity> = toxicity
        .flat_map(|source| source.document.toxicity.clone())
        .collect();
    let reasons = reasons(&flags, &speech_toxicity, material.policy);
    let have_both_looked = material.moderation.is_some() && material.meaning.is_some();
    Moderation {
        decision: decide(&reasons),
        // Policies of different profiles count their versions each for itself.
        policy_version: format!("{}-{}", material.plan.profile, material.policy.version),
        disagreement: have_both_looked && disagree(&flags, material.policy),
        flags,
        speech_toxicity,
        reasons,
    }
}

/// The strictest of what the reasons demand.
fn decide(reasons: &[ModerationReason]) -> Decision {
    let decisions = reasons.iter().map(|reason| reason.decision);
    decisions.max().unwrap_or(Decision::Allow)
}

/// What stands against publication: of each service and category the surest flag that counts, the strictest first.
fn reasons(
    flags: &[Flag],
    toxicity: &[Toxicity],
    policy: &ModerationPolicy,
) -> Vec<ModerationReason> {
    let seen = flags.iter().map(|flag| of_flag(flag, policy));
    let heard = toxicity.iter().map(|one| of_speech(one, policy));
    let mut surest: BTreeMap<(&str, String), ModerationReason> = BTreeMap::new();
    for reason in seen.chain(heard).flatten() {
        let key = (reason.source.into(), reason.category.clone());
        match surest.get(&key) {
            Some(known) if known.confidence >= reason.confidence => {}
            _ => {
                surest.insert(key, reason);
            }
        }
    }
    let mut reasons: Vec<ModerationReason> = surest.into_values().collect();
    reasons.sort_by(|left, right| {
        let strictest = right.decision.cmp(&left.decision);
        strictest.then(right.confidence.total_cmp(&left.confidence))
    });
    reasons
}

/// What a flag on the picture leads to; `None`: it does not count, or is allowed.
fn of_flag(flag: &Flag, policy: &ModerationPolicy) -> Option<ModerationReason> {
    let names = [Some(flag.category.as_str()), flag.parent.as_deref()];
    let decision = judge(
        &names,
        &policy.blocked_categories,
        &policy.reviewed_categories,
    );
    let source = match flag.source {
        FlagSource::Rekognition => EvidenceSource::Rekognition,
        FlagSource::Bda => EvidenceSource::Bda,
    };
    (counts(flag, policy) && decision > Decision::Allow).then(|| ModerationReason {
        decision,
        category: flag.category.clone(),
        source,
        confidence: flag.confidence,
        start_ms: flag.start_ms,
        end_ms: flag.end_ms,
    })
}

/// What toxic speech leads to; `None` as above, and where the policy has no rule for it.
fn of_speech(toxicity: &Toxicity, policy: &ModerationPolicy) -> Option<ModerationReason> {
    let rule = policy.toxic_speech.as_ref()?;
    let names = [Some(toxicity.category.as_str())];
    let decision = judge(&names, &rule.blocked_categories, &rule.reviewed_categories);
    let counts = toxicity.confidence * 100.0 >= rule.minimum_confidence;
    (counts && decision > Decision::Allow).then(|| ModerationReason {
        decision,
        category: toxicity.category.clone(),
        source: EvidenceSource::Transcribe,
        confidence: toxicity.confidence,
        start_ms: toxicity.start_ms,
        end_ms: toxicity.end_ms,
    })
}

/// What a list of names, a category and those above it, leads to.
fn judge(names: &[Option<&str>], blocked: &[String], reviewed: &[String]) -> Decision {
    let is_listed = |categories: &[String]| {
        names.iter().flatten().any(|name| {
            categories
                .iter()
                .any(|listed| listed.eq_ignore_ascii_case(name))
        })
    };
    if is_listed(blocked) {
        Decision::Block
    } else if is_listed(reviewed) {
        Decision::Review
    } else {
        Decision::Allow
    }
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
    use videoflow_shared::profiles::ToxicSpeechPolicy;

    use super::*;

    fn policy() -> ModerationPolicy {
        ModerationPolicy {
            version: "1".into(),
            minimum_confidence: 80.0,
            blocked_categories: vec!["Explicit".into()],
            reviewed_categories: vec!["Violence".into()],
            toxic_speech: Some(ToxicSpeechPolicy {
                minimum_confidence: 60.0,
                blocked_categories: vec!["hate_speech".into()],
                reviewed_categories: vec!["insult".into()],
            }),
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
        let reasons = reasons(&made.collect::<Vec<_>>(), &[], &policy());
        assert_eq!(decide(&reasons), expected, "{flags:?}");
        assert_eq!(
            reasons.is_empty(),
            expected == Decision::Allow,
            "a decision has its reasons: {flags:?}"
        );
    }

    fn check_speech(said: &[(&str, f64)], policy: &ModerationPolicy, expected: Decision) {
        let toxicity = said.iter().map(|(category, confidence)| Toxicity {
            category: (*category).to_owned(),
            confidence: *confidence,
            start_ms: 5,
            end_ms: 9,
        });
        let reasons = reasons(&[], &toxicity.collect::<Vec<_>>(), policy);
        assert_eq!(decide(&reasons), expected, "{said:?}");
    }

    #[test]
    fn toxic_speech_counts_by_its_own_rule() {
        let policy = policy();
        check_speech(&[], &policy, Decision::Allow);
        check_speech(&[("profanity", 1.0)], &policy, Decision::Allow);
        check_speech(&[("insult", 0.6)], &policy, Decision::Review);
        check_speech(&[("insult", 0.5999)], &policy, Decision::Allow);
        check_speech(
            &[("insult", 0.9), ("hate_speech", 0.7)],
            &policy,
            Decision::Block,
        );
        let silent = ModerationPolicy {
            toxic_speech: None,
            ..policy
        };
        check_speech(&[("hate_speech", 1.0)], &silent, Decision::Allow);
    }

    #[test]
    fn reasons_name_the_surest_flag_and_the_strictest_first() {
        let flags = [
            flag("Fighting", Some("Violence"), 0.85, FlagSource::Rekognition),
            flag("Fighting", Some("Violence"), 0.95, FlagSource::Rekognition),
            flag("Explicit", None, 0.9, FlagSource::Bda),
        ];
        let reasons = reasons(&flags, &[], &policy());
        let told: Vec<_> = reasons
            .iter()
            .map(|one| (one.decision, one.category.as_str(), one.confidence))
            .collect();
        assert_eq!(
            told,
            [
                (Decision::Block, "Explicit", 0.9),
                (Decision::Review, "Fighting", 0.95)
            ]
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
