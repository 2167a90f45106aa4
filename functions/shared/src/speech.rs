//! What can be asked of speech recognition together, and what not.

use crate::plan::Analyses;
use crate::profiles::{Redaction, Speech};

/// Languages in which Transcribe redacts: docs.aws.amazon.com/transcribe, "Redacting PII in your batch job" (US English,
/// US Spanish) and "Document history" of 1 May 2026 (the others).
const REDACTED_LANGUAGES: [&str; 9] = [
    "de-CH", "de-DE", "en-US", "es-US", "fr-CA", "fr-FR", "it-IT", "pt-BR", "pt-PT",
];
/// The language in which Transcribe tells toxic speech: ibid., "Detecting toxic speech".
const TOXICITY_LANGUAGE: &str = "en-US";
/// Vocabularies that one request can name where the language is identified (`LanguageIdSettingsMap`).
const VOCABULARIES_LIMIT: usize = 5;

/// Options of speech recognition that exclude each other.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Conflict {
    /// "Redaction is not compatible with language identification."
    #[error(
        "personal data are redacted in one given language only, not where the language is identified"
    )]
    RedactionOfUnknownLanguage,
    /// Not among [`REDACTED_LANGUAGES`].
    #[error("Transcribe does not redact {0}")]
    RedactionLanguage(String),
    /// Data Automation hears the speech too, and redacts no video.
    #[error(
        "personal data would come back by the meaning analysis, which hears the speech and does not redact it"
    )]
    RedactionWithMeaning,
    /// The results of toxicity quote the speech, and nothing says that the quotes are redacted.
    #[error(
        "results of toxic speech quote it, so it is not looked for where personal data are redacted"
    )]
    RedactionWithToxicity,
    /// Toxic speech is told in US English, and not where the language is identified.
    #[error("toxic speech is told in {TOXICITY_LANGUAGE} only")]
    ToxicityLanguage,
    /// A vocabulary of a language that is not among the job's would never be used.
    #[error("the vocabulary `{0}` is for a language that is not asked for")]
    VocabularyLanguage(String),
    /// More than the request can name.
    #[error("at most {VOCABULARIES_LIMIT} vocabularies")]
    TooManyVocabularies,
}

/// Why these options cannot be had together; `None`: they can. `languages`: empty, any; one, no identification.
pub fn conflict(speech: &Speech, languages: &[String], analyses: Analyses) -> Option<Conflict> {
    let redaction = match (speech.redaction, languages) {
        (Redaction::None, _) => None,
        (Redaction::PersonalData, _) if analyses.meaning => Some(Conflict::RedactionWithMeaning),
        (Redaction::PersonalData, _) if speech.toxicity => Some(Conflict::RedactionWithToxicity),
        (Redaction::PersonalData, [language]) => {
            let is_known = REDACTED_LANGUAGES.contains(&language.as_str());
            (!is_known).then(|| Conflict::RedactionLanguage(language.clone()))
        }
        (Redaction::PersonalData, _) => Some(Conflict::RedactionOfUnknownLanguage),
    };
    let is_english = matches!(languages, [language] if language == TOXICITY_LANGUAGE);
    let toxicity = (speech.toxicity && !is_english).then_some(Conflict::ToxicityLanguage);
    let unheard = speech
        .vocabularies
        .iter()
        .find(|(language, _)| !languages.contains(language));
    let unheard = unheard.map(|(_, name)| Conflict::VocabularyLanguage(name.clone()));
    let too_many =
        (speech.vocabularies.len() > VOCABULARIES_LIMIT).then_some(Conflict::TooManyVocabularies);
    redaction.or(toxicity).or(unheard).or(too_many)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANALYSES: Analyses = Analyses {
        labels: true,
        moderation: false,
        transcription: true,
        meaning: false,
    };

    fn check(speech: &Speech, languages: &[&str], expected: Option<&Conflict>) {
        let languages: Vec<String> = languages.iter().map(|one| (*one).to_owned()).collect();
        assert_eq!(conflict(speech, &languages, ANALYSES).as_ref(), expected);
    }

    #[test]
    fn redaction_knows_its_language() {
        let speech = Speech {
            redaction: Redaction::PersonalData,
            ..Speech::default()
        };
        check(&speech, &["en-US"], None);
        check(&speech, &["de-DE"], None);
        check(
            &speech,
            &["ja-JP"],
            Some(&Conflict::RedactionLanguage("ja-JP".into())),
        );
        check(
            &speech,
            &["en-US", "de-DE"],
            Some(&Conflict::RedactionOfUnknownLanguage),
        );
        check(&speech, &[], Some(&Conflict::RedactionOfUnknownLanguage));
    }

    #[test]
    fn nothing_else_quotes_what_is_redacted() {
        let speech = Speech {
            redaction: Redaction::PersonalData,
            ..Speech::default()
        };
        let meaning = Analyses {
            meaning: true,
            ..ANALYSES
        };
        let languages = ["en-US".to_owned()];
        assert_eq!(
            conflict(&speech, &languages, meaning),
            Some(Conflict::RedactionWithMeaning)
        );
        let toxic = Speech {
            toxicity: true,
            ..speech
        };
        check(&toxic, &["en-US"], Some(&Conflict::RedactionWithToxicity));
    }

    #[test]
    fn toxicity_is_told_in_english_only() {
        let speech = Speech {
            toxicity: true,
            ..Speech::default()
        };
        check(&speech, &["en-US"], None);
        check(&speech, &["en-GB"], Some(&Conflict::ToxicityLanguage));
        check(
            &speech,
            &["en-US", "de-DE"],
            Some(&Conflict::ToxicityLanguage),
        );
        check(&speech, &[], Some(&Conflict::ToxicityLanguage));
    }

    #[test]
    fn vocabularies_are_of_languages_that_are_asked_for() {
        let with = |languages: &[&str]| Speech {
            vocabularies: languages
                .iter()
                .map(|language| ((*language).to_owned(), format!("words-{language}")))
                .collect(),
            ..Speech::default()
        };
        check(&with(&["de-DE"]), &["de-DE", "en-US"], None);
        check(
            &with(&["fr-FR"]),
            &["de-DE"],
            Some(&Conflict::VocabularyLanguage("words-fr-FR".into())),
        );
        let six = ["a", "b", "c", "d", "e", "f"];
        check(&with(&six), &six, Some(&Conflict::TooManyVocabularies));
        check(&with(&six[..5]), &six, None);
    }
}
