//! The parameters of `StartTranscriptionJob`, checked as Transcribe checks them.

use serde_json::Value;

use super::SubtitleFormat;

const NAME_MAX: usize = 200;
const FORMATS: [&str; 8] = ["mp3", "mp4", "wav", "flac", "ogg", "amr", "webm", "m4a"];
/// Where the platform's S3 would be.
const S3_HOST: &str = "https://s3.us-east-1.amazonaws.com";

/// Languages that Transcribe redacts.
const REDACTED_LANGUAGES: [&str; 9] = [
    "de-CH", "de-DE", "en-US", "es-US", "fr-CA", "fr-FR", "it-IT", "pt-BR", "pt-PT",
];

/// Which transcripts are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Redaction {
    /// The whole one.
    None,
    /// The redacted one.
    Redacted,
    /// Both.
    Both,
}

/// What a job is to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    pub name: String,
    /// Bucket and key.
    pub media: (String, String),
    pub output_bucket: String,
    pub output_key: String,
    /// `None` when it is to be identified.
    pub language: Option<String>,
    pub is_language_identified: bool,
    pub redaction: Redaction,
    pub is_toxicity_wanted: bool,
    pub subtitles: Vec<SubtitleFormat>,
    pub first_subtitle: u64,
}

impl Request {
    /// Checks and reads; the error is the message of a `BadRequestException`.
    pub fn parse(parameters: &Value) -> Result<Self, String> {
        let text = |path: &str| {
            parameters
                .pointer(path)
                .and_then(Value::as_str)
                .map(ToOwned::to_owned)
        };
        let flag = |path: &str| {
            parameters
                .pointer(path)
                .and_then(Value::as_bool)
                .unwrap_or(false)
        };
        let name = text("/TranscriptionJobName").ok_or("TranscriptionJobName is missing")?;
        if !is_name(&name) {
            return Err(format!(
                "TranscriptionJobName {name:?} must match ^[0-9a-zA-Z._-]+ and have 1 to 200 letters"
            ));
        }
        if let Some(format) =
            text("/MediaFormat").filter(|format| !FORMATS.contains(&format.as_str()))
        {
            return Err(format!(
                "MediaFormat {format:?} is none of {}",
                FORMATS.join(", ")
            ));
        }
        let language = text("/LanguageCode");
        let is_language_identified =
            flag("/IdentifyLanguage") || flag("/IdentifyMultipleLanguages");
        if language.is_some() == is_language_identified
            || (flag("/IdentifyLanguage") && flag("/IdentifyMultipleLanguages"))
        {
            return Err("specify exactly one of LanguageCode, IdentifyLanguage and IdentifyMultipleLanguages".to_owned());
        }
        let media = text("/Media/MediaFileUri").ok_or("Media.MediaFileUri is missing")?;
        let media = parse_uri(&media)
            .ok_or_else(|| format!("Media.MediaFileUri {media:?} is no S3 URI"))?;
        let output_bucket =
            text("/OutputBucketName").ok_or("the local service needs OutputBucketName")?;
        let output_key = output_key(&name, text("/OutputKey").as_deref());
        let formats = parameters
            .pointer("/Subtitles/Formats")
            .and_then(Value::as_array);
        let subtitles = formats.into_iter().flatten().map(|format| {
            format
                .as_str()
                .and_then(SubtitleFormat::parse)
                .ok_or_else(|| format!("subtitle format {format} is unknown"))
        });
        let first_subtitle = parameters
            .pointer("/Subtitles/OutputStartIndex")
            .and_then(Value::as_u64)
            .unwrap_or(0);
        if first_subtitle > 1 {
            return Err("Subtitles.OutputStartIndex must be 0 or 1".to_owned());
        }
        if let Some(name) = vocabulary(parameters) {
            return Err(format!(
                "The requested vocabulary {name:?} couldn't be found. Check the vocabulary name and try your request again."
            ));
        }
        Ok(Self {
            name,
            media,
            output_bucket,
            output_key,
            is_language_identified,
            redaction: redaction(parameters, language.as_deref())?,
            is_toxicity_wanted: is_toxicity_wanted(parameters, language.as_deref())?,
            language,
            subtitles: subtitles.collect::<Result<_, _>>()?,
            first_subtitle,
        })
    }

    /// Why the local model cannot do this.
    pub fn unsupported(&self) -> Option<String> {
        let language = self
            .language
            .as_ref()
            .filter(|language| !language.starts_with("en-"))?;
        Some(format!(
            "the local speech model knows English only, not {language}"
        ))
    }

    /// Key of the redacted transcript: beside the other one.
    pub fn redacted_key(&self) -> String {
        match self.output_key.rsplit_once('/') {
            Some((folder, name)) => format!("{folder}/redacted-{name}"),
            None => format!("redacted-{}", self.output_key),
        }
    }

    /// Key of a subtitle file: beside the transcript whose words it has, with its name.
    pub fn subtitle_key(&self, format: SubtitleFormat) -> String {
        let key = match self.redaction {
            Redaction::None => self.output_key.clone(),
            Redaction::Redacted | Redaction::Both => self.redacted_key(),
        };
        let base = key.strip_suffix(".json").unwrap_or(&key);
        format!("{base}.{}", format.extension())
    }

    /// How the API names a result.
    pub fn output_uri(&self, key: &str) -> String {
        format!("{S3_HOST}/{}/{key}", self.output_bucket)
    }
}

/// Which transcripts are wanted; the error says why they cannot be had.
fn redaction(parameters: &Value, language: Option<&str>) -> Result<Redaction, String> {
    let Some(wanted) = parameters
        .get("ContentRedaction")
        .filter(|value| !value.is_null())
    else {
        return Ok(Redaction::None);
    };
    let Some(language) = language else {
        return Err("ContentRedaction is not compatible with language identification".to_owned());
    };
    if !REDACTED_LANGUAGES.contains(&language) {
        return Err(format!("ContentRedaction is not available for {language}"));
    }
    match wanted.get("RedactionOutput").and_then(Value::as_str) {
        Some("redacted") => Ok(Redaction::Redacted),
        Some("redacted_and_unredacted") => Ok(Redaction::Both),
        _ => Err(
            "ContentRedaction.RedactionOutput must be redacted or redacted_and_unredacted"
                .to_owned(),
        ),
    }
}

fn is_toxicity_wanted(parameters: &Value, language: Option<&str>) -> Result<bool, String> {
    let wanted = parameters
        .get("ToxicityDetection")
        .and_then(Value::as_array);
    let is_wanted = wanted.is_some_and(|settings| !settings.is_empty());
    if is_wanted && language != Some("en-US") {
        return Err("ToxicityDetection is available for LanguageCode en-US only".to_owned());
    }
    Ok(is_wanted)
}

/// The first vocabulary that is asked for: there are none here.
fn vocabulary(parameters: &Value) -> Option<String> {
    let name = |settings: &Value| Some(settings.get("VocabularyName")?.as_str()?.to_owned());
    let by_language = parameters
        .get("LanguageIdSettings")
        .and_then(Value::as_object);
    let given = by_language.into_iter().flat_map(serde_json::Map::values);
    given.chain(parameters.get("Settings")).find_map(name)
}

fn is_name(name: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    (1..=NAME_MAX).contains(&name.len()) && name.chars().all(allowed)
}

/// A key that does not end in `.json` is a folder.
fn output_key(name: &str, key: Option<&str>) -> String {
    match key {
        None => format!("{name}.json"),
        Some(key) if key.strip_suffix(".json").is_some() => key.to_owned(),
        Some(key) => format!("{}/{name}.json", key.trim_end_matches('/')),
    }
}

/// `s3://bucket/key` or `https://s3.<region>.amazonaws.com/bucket/key`.
fn parse_uri(uri: &str) -> Option<(String, String)> {
    let path = match uri.strip_prefix("s3://") {
        Some(path) => path,
        None => {
            uri.strip_prefix("https://s3")?
                .split_once(".amazonaws.com/")?
                .1
        }
    };
    let (bucket, key) = path.split_once('/')?;
    (!bucket.is_empty() && !key.is_empty()).then(|| (bucket.to_owned(), key.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn valid() -> Value {
        json!({
            "TranscriptionJobName": "v-1-transcription-1",
            "IdentifyLanguage": true,
            "Media": {"MediaFileUri": "s3://out/media/v-1/audio.m4a"},
            "OutputBucketName": "out",
            "OutputKey": "work/v-1/transcribe/result.json",
            "Subtitles": {"Formats": ["vtt", "srt"], "OutputStartIndex": 1},
        })
    }

    fn check(member: &str, value: &Value, expected: &str) {
        let mut parameters = valid();
        parameters[member] = value.clone();
        let answer =
            Request::parse(&parameters).map(|request| request.unsupported().unwrap_or_default());
        let message = answer.unwrap_or_else(|message| message);
        assert!(message.contains(expected), "{member} {value}: {message}");
    }

    #[test]
    fn refuses_what_transcribe_refuses() {
        check("TranscriptionJobName", &json!("a b"), "must match");
        check("TranscriptionJobName", &json!("a".repeat(201)), "1 to 200");
        check("MediaFormat", &json!("mov"), "none of mp3");
        check("LanguageCode", &json!("en-US"), "exactly one");
        check("IdentifyLanguage", &json!(false), "exactly one");
        check("IdentifyMultipleLanguages", &json!(true), "exactly one");
        check(
            "Media",
            &json!({"MediaFileUri": "file:///etc/passwd"}),
            "no S3 URI",
        );
        check("Media", &json!({}), "MediaFileUri is missing");
        check("OutputBucketName", &Value::Null, "needs OutputBucketName");
        check("Subtitles", &json!({"Formats": ["ttml"]}), "is unknown");
        check("Subtitles", &json!({"OutputStartIndex": 2}), "0 or 1");
        let redaction = json!({"RedactionType": "PII", "RedactionOutput": "redacted"});
        check("ContentRedaction", &redaction, "language identification");
        let toxicity = json!([{"ToxicityCategories": ["ALL"]}]);
        check("ToxicityDetection", &toxicity, "en-US only");
        check(
            "Settings",
            &json!({"VocabularyName": "none"}),
            "couldn't be found",
        );
        let by_language = json!({"en-US": {"VocabularyName": "none"}});
        check("LanguageIdSettings", &by_language, "couldn't be found");
    }

    #[test]
    fn redacted_results_lie_beside() -> Result<(), String> {
        let mut parameters = valid();
        parameters["IdentifyLanguage"] = Value::Null;
        parameters["LanguageCode"] = json!("en-US");
        parameters["ContentRedaction"] =
            json!({"RedactionType": "PII", "RedactionOutput": "redacted"});
        let request = Request::parse(&parameters)?;
        assert_eq!(request.redaction, Redaction::Redacted);
        assert_eq!(
            request.redacted_key(),
            "work/v-1/transcribe/redacted-result.json"
        );
        assert_eq!(
            request.subtitle_key(SubtitleFormat::Vtt),
            "work/v-1/transcribe/redacted-result.vtt"
        );
        parameters["LanguageCode"] = json!("ja-JP");
        assert!(Request::parse(&parameters).is_err_and(|error| error.contains("ja-JP")));
        Ok(())
    }

    #[test]
    fn names_results_as_transcribe_does() -> Result<(), String> {
        let request = Request::parse(&valid())?;
        assert_eq!(
            request.subtitle_key(SubtitleFormat::Vtt),
            "work/v-1/transcribe/result.vtt"
        );
        assert_eq!(
            request.output_uri("a.json"),
            "https://s3.us-east-1.amazonaws.com/out/a.json"
        );
        assert_eq!(
            request.media,
            ("out".to_owned(), "media/v-1/audio.m4a".to_owned())
        );
        assert_eq!(
            [output_key("n", None), output_key("n", Some("a/b"))],
            ["n.json", "a/b/n.json"]
        );
        let https = parse_uri("https://s3.eu-west-1.amazonaws.com/b/k/l");
        assert_eq!(https, Some(("b".to_owned(), "k/l".to_owned())));
        Ok(())
    }
}
