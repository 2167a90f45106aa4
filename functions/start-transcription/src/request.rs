//! The request to Transcribe.

use aws_sdk_transcribe::operation::start_transcription_job::builders::StartTranscriptionJobFluentBuilder;
use aws_sdk_transcribe::types::{
    ContentRedaction, LanguageCode, LanguageIdSettings, Media, MediaFormat, RedactionOutput,
    RedactionType, Settings, ToxicityCategory, ToxicityDetectionSettings,
};
use videoflow_shared::error::Error;
use videoflow_shared::location::S3Uri;
use videoflow_shared::plan::Plan;
use videoflow_shared::profiles::{Redaction, Speech};
use videoflow_shared::speech::conflict;

/// Fills in a request for job `name`. Transcribe's own subtitles are not asked for: ours come from the words, and its
/// would be one more text to redact.
///
/// # Errors
/// [`Error::ServiceRefused`]: sound in a format that Transcribe does not take, or options that it does not take together.
pub fn fill(
    request: StartTranscriptionJobFluentBuilder,
    name: &str,
    audio: &S3Uri,
    output: &S3Uri,
    plan: &Plan,
) -> Result<StartTranscriptionJobFluentBuilder, Error> {
    let speech = &plan.speech;
    if let Some(conflict) = conflict(speech, &plan.languages, plan.analyses) {
        return Err(Error::ServiceRefused(format!(
            "profile {}: {conflict}",
            plan.profile
        )));
    }
    let request = request
        .transcription_job_name(name)
        .media(Media::builder().media_file_uri(audio.to_string()).build())
        .media_format(media_format(audio)?)
        .output_bucket_name(&output.bucket)
        .output_key(&output.key)
        .set_content_redaction(redaction(speech.redaction)?);
    let request = if speech.toxicity {
        let all = ToxicityDetectionSettings::builder().toxicity_categories(ToxicityCategory::All);
        request.toxicity_detection(all.build().map_err(|error| incomplete(&error))?)
    } else {
        request
    };
    let settings = Settings::builder()
        .show_speaker_labels(true)
        .max_speaker_labels(i32::from(speech.maximum_speakers));
    Ok(match plan.languages.as_slice() {
        [language] => {
            let vocabulary = speech.vocabularies.get(language).cloned();
            request
                .language_code(LanguageCode::from(language.as_str()))
                .settings(settings.set_vocabulary_name(vocabulary).build())
        }
        languages => identified(request, languages, speech).settings(settings.build()),
    })
}

/// Lets Transcribe identify the language, among `languages` if there are any.
fn identified(
    request: StartTranscriptionJobFluentBuilder,
    languages: &[String],
    speech: &Speech,
) -> StartTranscriptionJobFluentBuilder {
    let code = |language: &String| LanguageCode::from(language.as_str());
    let options: Vec<LanguageCode> = languages.iter().map(code).collect();
    let request = request
        .identify_language(true)
        .set_language_options((!options.is_empty()).then_some(options));
    speech
        .vocabularies
        .iter()
        .fold(request, |request, (language, name)| {
            let settings = LanguageIdSettings::builder().vocabulary_name(name).build();
            request.language_id_settings(code(language), settings)
        })
}

/// The redacted transcript only: the other one is never stored. Without a list of types, all of them are redacted.
fn redaction(redaction: Redaction) -> Result<Option<ContentRedaction>, Error> {
    match redaction {
        Redaction::None => Ok(None),
        Redaction::PersonalData => ContentRedaction::builder()
            .redaction_type(RedactionType::Pii)
            .redaction_output(RedactionOutput::Redacted)
            .build()
            .map(Some)
            .map_err(|error| incomplete(&error)),
    }
}

fn incomplete(error: &aws_sdk_transcribe::error::BuildError) -> Error {
    Error::ServiceRefused(error.to_string())
}

fn media_format(audio: &S3Uri) -> Result<MediaFormat, Error> {
    match audio.file_name().rsplit_once('.').map(|(_, ending)| ending) {
        Some("m4a") => Ok(MediaFormat::M4A),
        Some("mp4") => Ok(MediaFormat::Mp4),
        _ => Err(Error::ServiceRefused(format!(
            "Transcribe is given M4A or MP4, not {audio}"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_transcribe::Client;
    use aws_sdk_transcribe::config::{BehaviorVersion, Config};
    use videoflow_shared::profiles;

    use super::*;

    fn plan(languages: &[&str], speech: Speech) -> Plan {
        let path = format!("{}/../shared/samples/plan.json", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(path).unwrap_or_default();
        let mut plan: Plan =
            serde_json::from_str(&text).unwrap_or_else(|error| unreachable!("{error}"));
        plan.languages = languages.iter().map(|one| (*one).to_owned()).collect();
        plan.speech = speech;
        plan.analyses.meaning = false;
        plan
    }

    fn request(plan: &Plan) -> Result<StartTranscriptionJobFluentBuilder, Error> {
        let config = Config::builder().behavior_version(BehaviorVersion::latest());
        let client = Client::from_conf(config.build());
        let audio = S3Uri::new("out", "media/j/audio.m4a");
        let output = S3Uri::new("out", "work/j/transcription/1.json");
        fill(
            client.start_transcription_job(),
            "j-transcription-1",
            &audio,
            &output,
            plan,
        )
    }

    /// What is asked about languages: a fixed one, and whether to identify among how many.
    fn check(languages: &[&str], expected: (Option<&str>, Option<bool>, Option<usize>)) {
        let request = request(&plan(languages, Speech::default()));
        let request = request.unwrap_or_else(|error| unreachable!("{error}"));
        let fixed = request
            .get_language_code()
            .as_ref()
            .map(LanguageCode::as_str);
        let options = request.get_language_options().as_ref().map(Vec::len);
        assert_eq!(
            (fixed, *request.get_identify_language(), options),
            expected,
            "{languages:?}"
        );
        assert_eq!(request.get_media_format(), &Some(MediaFormat::M4A));
        assert_eq!(
            request.get_output_key().as_deref(),
            Some("work/j/transcription/1.json")
        );
        assert!(request.get_content_redaction().is_none() && request.get_subtitles().is_none());
    }

    #[test]
    fn identifies_the_language_unless_there_is_one() {
        check(&[], (None, Some(true), None));
        check(&["de-DE"], (Some("de-DE"), None, None));
        check(&["de-DE", "en-US"], (None, Some(true), Some(2)));
    }

    #[test]
    fn redacted_speech_is_never_stored_unredacted() {
        let speech = Speech {
            redaction: Redaction::PersonalData,
            ..Speech::default()
        };
        let request = request(&plan(&["en-US"], speech)).map(|request| {
            let redaction = request.get_content_redaction().clone();
            redaction.map(|redaction| (redaction.redaction_output, redaction.pii_entity_types))
        });
        assert_eq!(request, Ok(Some((RedactionOutput::Redacted, None))));
    }

    #[test]
    fn a_vocabulary_goes_with_its_language() {
        let speech = || Speech {
            vocabularies: [("en-US".to_owned(), "products".to_owned())].into(),
            ..Speech::default()
        };
        let alone = request(&plan(&["en-US"], speech()));
        let name = alone.ok().and_then(|request| {
            let settings = request.get_settings().clone()?;
            settings.vocabulary_name
        });
        assert_eq!(name.as_deref(), Some("products"));
        let among = request(&plan(&["en-US", "de-DE"], speech()));
        let settings = among.ok().and_then(|request| {
            assert!(
                request
                    .get_settings()
                    .as_ref()
                    .is_some_and(|one| one.vocabulary_name.is_none())
            );
            request.get_language_id_settings().clone()
        });
        let names: Vec<_> = settings
            .iter()
            .flatten()
            .map(|(code, one)| (code.as_str(), one.vocabulary_name.as_deref()))
            .collect();
        assert_eq!(names, [("en-US", Some("products"))]);
    }

    #[test]
    fn toxicity_and_speakers_are_the_profile_s() {
        let speech = Speech {
            toxicity: true,
            maximum_speakers: 2,
            ..Speech::default()
        };
        let request = request(&plan(&["en-US"], speech));
        let request = request.unwrap_or_else(|error| unreachable!("{error}"));
        assert_eq!(
            request.get_toxicity_detection().as_ref().map(Vec::len),
            Some(1)
        );
        let speakers = request
            .get_settings()
            .as_ref()
            .and_then(|one| one.max_speaker_labels);
        assert_eq!(speakers, Some(2));
    }

    #[test]
    fn options_that_exclude_each_other_are_refused_in_words() {
        let speech = Speech {
            redaction: Redaction::PersonalData,
            ..Speech::default()
        };
        let refusal = request(&plan(&["en-US", "de-DE"], speech)).err();
        let words = refusal.map(|error| error.to_string()).unwrap_or_default();
        assert!(words.contains("one given language"), "{words}");
    }

    #[test]
    fn every_profile_has_a_request() {
        for name in profiles::names() {
            let profile = profiles::find(name).unwrap_or_else(|| unreachable!("{name}"));
            let languages: Vec<&str> = profile.languages.iter().map(String::as_str).collect();
            let plan = plan(&languages, profile.speech.clone());
            assert!(request(&plan).is_ok(), "{name}");
        }
    }

    #[test]
    fn takes_mp4_sound_only() {
        assert_eq!(
            media_format(&S3Uri::new("b", "a.mp4")),
            Ok(MediaFormat::Mp4)
        );
        assert!(media_format(&S3Uri::new("b", "a.mov")).is_err());
        assert!(media_format(&S3Uri::new("b", "mp4")).is_err());
    }
}
