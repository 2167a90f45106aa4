//! The request to Transcribe.

use aws_sdk_transcribe::operation::start_transcription_job::builders::StartTranscriptionJobFluentBuilder;
use aws_sdk_transcribe::types::{
    LanguageCode, Media, MediaFormat, Settings, SubtitleFormat, Subtitles,
};
use videoflow_shared::error::Error;
use videoflow_shared::location::S3Uri;

/// Speakers that are told apart; Transcribe allows 2 to 30, and more cost accuracy.
const SPEAKERS_LIMIT: i32 = 10;

/// Fills in a request for job `name`.
///
/// # Errors
/// [`Error::ServiceRefused`]: sound in a format that Transcribe does not take.
pub fn fill(
    request: StartTranscriptionJobFluentBuilder,
    name: &str,
    audio: &S3Uri,
    output: &S3Uri,
    languages: &[String],
) -> Result<StartTranscriptionJobFluentBuilder, Error> {
    let subtitles = Subtitles::builder()
        .formats(SubtitleFormat::Vtt)
        .formats(SubtitleFormat::Srt)
        // SRT counts from 1; players accept it in WebVTT too.
        .output_start_index(1);
    let settings = Settings::builder()
        .show_speaker_labels(true)
        .max_speaker_labels(SPEAKERS_LIMIT);
    let request = request
        .transcription_job_name(name)
        .media(Media::builder().media_file_uri(audio.to_string()).build())
        .media_format(media_format(audio)?)
        .output_bucket_name(&output.bucket)
        .output_key(&output.key)
        .subtitles(subtitles.build())
        .settings(settings.build());
    Ok(match languages {
        [language] => request.language_code(LanguageCode::from(language.as_str())),
        [] => request.identify_language(true),
        several => {
            let options = several
                .iter()
                .map(|language| LanguageCode::from(language.as_str()))
                .collect();
            request
                .identify_language(true)
                .set_language_options(Some(options))
        }
    })
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

    use super::*;

    /// What is asked about languages: a fixed one, and whether to identify among how many.
    fn check(languages: &[&str], expected: (Option<&str>, Option<bool>, usize)) {
        let client = Client::from_conf(
            Config::builder()
                .behavior_version(BehaviorVersion::latest())
                .build(),
        );
        let languages: Vec<String> = languages
            .iter()
            .map(|language| (*language).to_owned())
            .collect();
        let audio = S3Uri::new("out", "media/j/audio.m4a");
        let output = S3Uri::new("out", "work/j/transcription/1.json");
        let request = fill(
            client.start_transcription_job(),
            "j-transcription-1",
            &audio,
            &output,
            &languages,
        );
        let request = request.unwrap_or_else(|error| unreachable!("{error}"));
        let fixed = request
            .get_language_code()
            .as_ref()
            .map(LanguageCode::as_str);
        let options = request.get_language_options().as_ref().map_or(0, Vec::len);
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
    }

    #[test]
    fn identifies_the_language_unless_there_is_one() {
        check(&[], (None, Some(true), 0));
        check(&["de-DE"], (Some("de-DE"), None, 0));
        check(&["de-DE", "en-US"], (None, Some(true), 2));
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
