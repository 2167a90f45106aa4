//! Processing profiles (`profiles.json`): what is made of a video, by whom, and within which price.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::identity::{JobId, hex};
use crate::plan::Analyses;

/// Name of the profile of every upload that names none.
pub const DEFAULT: &str = "default";

/// When a person has to look before publication.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Review {
    /// Never: flagged videos fail or pass by rule.
    Never,
    /// When moderation asks for it.
    WhenFlagged,
    /// Always.
    Always,
}

/// What moderation decides.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ModerationPolicy {
    /// Version, shown in the brief.
    pub version: String,
    /// Confidence (0 to 100) from which a flag counts.
    pub minimum_confidence: f64,
    /// Top-level categories that forbid publication.
    pub blocked_categories: Vec<String>,
    /// Top-level categories that need a person.
    pub reviewed_categories: Vec<String>,
    /// What toxic speech leads to; `None`: nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub toxic_speech: Option<ToxicSpeechPolicy>,
}

/// What toxic speech leads to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ToxicSpeechPolicy {
    /// Confidence (0 to 100) from which a category counts.
    pub minimum_confidence: f64,
    /// Transcribe's categories that forbid publication.
    pub blocked_categories: Vec<String>,
    /// Transcribe's categories that need a person.
    pub reviewed_categories: Vec<String>,
}

/// What is asked of speech recognition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Speech {
    /// Most speakers that are told apart, 2 to 30: more than there are cost accuracy.
    pub maximum_speakers: u8,
    /// Custom vocabularies of the account by the language that each is for: Transcribe passes over one of another
    /// language without a word.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub vocabularies: BTreeMap<String, String>,
    /// Whether personal data are taken out of transcript and subtitles.
    #[serde(default)]
    pub redaction: Redaction,
    /// Whether toxic speech is looked for.
    #[serde(default)]
    pub toxicity: bool,
}

impl Default for Speech {
    fn default() -> Self {
        Self {
            maximum_speakers: 10,
            vocabularies: BTreeMap::new(),
            redaction: Redaction::None,
            toxicity: false,
        }
    }
}

/// What is taken out of transcript and subtitles.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Redaction {
    /// Nothing.
    #[default]
    None,
    /// Names, addresses, numbers of cards and accounts, and what else Transcribe calls PII.
    PersonalData,
}

/// How the adaptive stream gets its renditions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Streaming {
    /// The ladder of the plan, each rung once.
    #[default]
    Ladder,
    /// `MediaConvert` chooses sizes and bitrates by the content (automated ABR), at the price of its pro tier.
    Automated,
}

/// Who decides which of the profile's analyses are made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Routing {
    /// What the file is: those that would bring nothing are left out, and the brief says so.
    #[default]
    ByContent,
    /// The profile: all of them.
    Fixed,
}

/// From when on a brief is good enough.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct QualityThresholds {
    /// Lowest score (0 to 1) that is published.
    pub minimum_score: f64,
    /// Longest stretch of black picture that is no fault, in seconds.
    pub longest_black_seconds: u32,
    /// Longest stretch of silence that is no fault, in seconds.
    pub longest_silence_seconds: u32,
}

/// A variant for comparison: a share of the jobs gets something else in place of the profile's own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Variant {
    /// Name.
    pub name: String,
    /// Share among the weights of all variants.
    pub weight: u32,
    /// Analyses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub analyses: Option<Analyses>,
    /// Heights of renditions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ladder_heights: Option<Vec<u32>>,
    /// How the adaptive stream gets its renditions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub streaming: Option<Streaming>,
}

/// A profile.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Profile {
    /// What it is for.
    pub description: String,
    /// Analyses to be made.
    pub analyses: Analyses,
    /// Heights of renditions, where the source has them.
    pub ladder_heights: Vec<u32>,
    /// Languages that the speech may be in, one dialect each (Transcribe tells languages apart, not dialects); empty:
    /// any; one: no identification.
    pub languages: Vec<String>,
    /// What moderation decides.
    pub moderation: ModerationPolicy,
    /// When a person looks.
    pub review: Review,
    /// What is asked of speech recognition.
    #[serde(default)]
    pub speech: Speech,
    /// Who decides which analyses are made.
    #[serde(default)]
    pub routing: Routing,
    /// How the adaptive stream gets its renditions.
    #[serde(default)]
    pub streaming: Streaming,
    /// From when on a brief is published.
    pub quality: QualityThresholds,
    /// Predicted price above which a video is rejected.
    pub price_limit_usd: f64,
    /// Longest video.
    pub maximum_duration_seconds: u32,
    /// Variants; empty: none.
    pub variants: Vec<Variant>,
}

static PROFILES: LazyLock<BTreeMap<String, Profile>> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../profiles.json"))
        .expect("profiles.json is checked by the tests of this module")
});

/// The profile of this name.
pub fn find(name: &str) -> Option<&'static Profile> {
    PROFILES.get(name)
}

/// The names of all profiles.
pub fn names() -> impl Iterator<Item = &'static str> {
    PROFILES.keys().map(String::as_str)
}

impl Profile {
    /// Digest of what the profile demands: claims of differing profiles do not meet. Its description does not count.
    pub fn digest(&self) -> String {
        let mut content = self.clone();
        content.description.clear();
        // Plain data of numbers, text and lists: always JSON.
        let bytes = serde_json::to_vec(&content).unwrap_or_default();
        hex(&Sha256::digest(bytes)).chars().take(16).collect()
    }

    /// The variant that a job draws: always the same one, in the shares of the weights.
    pub fn variant(&self, job: &JobId) -> Option<&Variant> {
        let total: u32 = self.variants.iter().map(|variant| variant.weight).sum();
        let mut rest = job.spread().checked_rem(total)?;
        self.variants.iter().find(|variant| {
            let is_drawn = rest < variant.weight;
            rest = rest.saturating_sub(variant.weight);
            is_drawn
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn default_profile() -> Profile {
        find(DEFAULT)
            .cloned()
            .unwrap_or_else(|| unreachable!("there is a default profile"))
    }

    #[test]
    fn committed_profiles_are_sound() {
        for name in names() {
            let profile = find(name).unwrap_or_else(|| unreachable!("{name}"));
            assert!(
                profile.price_limit_usd > 0.0
                    && (0.0..=1.0).contains(&profile.quality.minimum_score),
                "{name}"
            );
            assert!(
                profile
                    .ladder_heights
                    .is_sorted_by(|above, below| above > below),
                "{name}"
            );
            assert!(
                (2..=30).contains(&profile.speech.maximum_speakers),
                "{name}: Transcribe tells 2 to 30 speakers apart"
            );
            assert!(
                profile.maximum_duration_seconds <= 14_400,
                "{name}: Transcribe and Data Automation take 4 hours"
            );
        }
    }

    #[test]
    fn committed_profiles_ask_of_speech_what_can_be_had() {
        for name in names() {
            let profile = find(name).unwrap_or_else(|| unreachable!("{name}"));
            let ways = profile
                .variants
                .iter()
                .filter_map(|variant| variant.analyses);
            for analyses in ways.chain([profile.analyses]) {
                assert_eq!(
                    crate::speech::conflict(&profile.speech, &profile.languages, analyses),
                    None,
                    "{name}"
                );
            }
            assert!(
                !profile.speech.toxicity || profile.moderation.toxic_speech.is_some(),
                "{name}: toxic speech is paid for, and no rule asks for it"
            );
        }
    }

    /// A policy that changes gets a new version: briefs name it, and nobody could tell later what was decided by which.
    #[test]
    fn a_changed_moderation_policy_has_a_new_version() {
        let known = [
            ("default", "1", "5244e597"),
            ("lean", "1", "5244e597"),
            ("moderated", "1", "75648e2e"),
            ("confidential", "1", "5244e597"),
            ("reviewed", "1", "675c90f7"),
        ];
        for (name, version, digest) in known {
            let policy = find(name).map(|profile| profile.moderation.clone());
            let policy = policy.unwrap_or_else(|| unreachable!("{name}"));
            let bytes = serde_json::to_vec(&policy).unwrap_or_default();
            let actual: String = hex(&Sha256::digest(bytes)).chars().take(8).collect();
            assert_eq!(
                (policy.version.as_str(), actual.as_str()),
                (version, digest),
                "{name}: give the changed policy a new version, and write both here"
            );
        }
    }

    #[test]
    fn digest_follows_the_demands_only() {
        let profile = default_profile();
        let mut renamed = profile.clone();
        renamed.description.push('!');
        assert_eq!(renamed.digest(), profile.digest());
        let mut changed = profile.clone();
        changed.price_limit_usd += 1.0;
        assert_ne!(changed.digest(), profile.digest());
    }

    #[test]
    fn variants_are_drawn_by_weight() {
        let mut profile = default_profile();
        let variant = |name: &str, weight| Variant {
            name: name.into(),
            weight,
            analyses: None,
            ladder_heights: None,
            streaming: None,
        };
        profile.variants = vec![variant("a", 1), variant("b", 3)];
        let drawn = (0..1000).filter(|number| {
            let job = JobId::of("b", &number.to_string(), "1", "default");
            profile
                .variant(&job)
                .is_some_and(|variant| variant.name == "b")
        });
        let share = drawn.count();
        assert!((700..800).contains(&share), "{share}");
        profile.variants.clear();
        assert_eq!(profile.variant(&JobId::of("b", "k", "1", "default")), None);
    }
}
