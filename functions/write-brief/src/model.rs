//! The model that writes: one Converse request, one correction, and what its stop reasons mean.

use aws_config::SdkConfig;
use aws_sdk_bedrockruntime::Client;
use aws_sdk_bedrockruntime::error::BuildError;
use aws_sdk_bedrockruntime::operation::converse::ConverseOutput;
use aws_sdk_bedrockruntime::types::{
    ContentBlock, ConversationRole, InferenceConfiguration, JsonSchemaDefinition, Message,
    OutputConfig, OutputFormat, OutputFormatStructure, OutputFormatType, StopReason,
    SystemContentBlock,
};
use videoflow_shared::brief::WarningCode;
use videoflow_shared::brief::draft::{self, Draft};
use videoflow_shared::brief::review::{Problem, Reviewed, Window, review};
use videoflow_shared::error::{self, classify};
use videoflow_shared::prompt;
use videoflow_shared::settings::{self, Setting};
use videoflow_shared::timeline::Timeline;

/// Tokens that an answer may have: a brief of twelve chapters has about 4000.
const ANSWER_TOKENS: i32 = 8000;
/// Low: a brief should be the same for the same video.
const TEMPERATURE: f32 = 0.2;

/// Why the model brought no draft.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Bedrock did not answer.
    #[error(transparent)]
    Service(#[from] error::Error),
    /// The model, or a guardrail, refuses. Final.
    #[error("the model refuses: {0}")]
    ModelRefused(String),
    /// The answer is longer than allowed, twice.
    #[error("the model's answer does not end within {ANSWER_TOKENS} tokens")]
    ModelTruncated,
    /// Neither the answer nor its correction can be read.
    #[error("{0}")]
    BriefRejected(String),
}

/// A checked draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The draft, and what is still wrong with what was taken out.
    pub reviewed: Reviewed,
    /// Tokens read.
    pub input_tokens: u64,
    /// Tokens written.
    pub output_tokens: u64,
}

/// The model.
#[derive(Debug, Clone)]
pub struct Model {
    client: Client,
    id: String,
}

/// What one request brought.
struct Turn {
    answer: Answer,
    input_tokens: u64,
    output_tokens: u64,
}

/// How an answer ended.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Answer {
    /// Whole.
    Text(String),
    /// Cut off.
    Truncated,
}

impl Model {
    /// The model that `BEDROCK_MODEL_ID` names.
    ///
    /// # Errors
    /// [`settings::Error::Missing`].
    pub fn from_settings(config: &SdkConfig) -> Result<Self, settings::Error> {
        Ok(Self {
            client: Client::new(config),
            id: settings::read(Setting::BedrockModelId)?,
        })
    }

    /// Its id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Asks for a draft, and once for a better one when it breaks rules.
    ///
    /// # Errors
    /// All of [`Error`].
    pub async fn write(
        &self,
        request: String,
        timeline: &Timeline,
        window: Window,
    ) -> Result<Written, Error> {
        let mut turns = vec![(ConversationRole::User, request)];
        let first = self.ask(&turns).await?;
        let (reviewed, complaint) = judge(&first.answer, timeline, window);
        if let (Some(reviewed), None) = (&reviewed, &complaint) {
            return Ok(written(reviewed.clone(), &[&first]));
        }
        // Bedrock takes no empty turn: after an empty answer the same is asked again.
        if let Answer::Text(text) = &first.answer
            && !text.trim().is_empty()
        {
            turns.push((ConversationRole::Assistant, text.clone()));
            turns.push((ConversationRole::User, complaint.unwrap_or_default()));
        }
        let second = self.ask(&turns).await?;
        let (corrected, _) = judge(&second.answer, timeline, window);
        match better(reviewed, corrected) {
            Some(reviewed) => Ok(written(reviewed, &[&first, &second])),
            None => Err(unusable(&second.answer)),
        }
    }

    async fn ask(&self, turns: &[(ConversationRole, String)]) -> Result<Turn, Error> {
        let refused =
            |error: BuildError| error::Error::ServiceRefused(format!("Converse: {error}"));
        let messages: Result<Vec<Message>, BuildError> = turns.iter().map(message).collect();
        let request = self
            .client
            .converse()
            .model_id(&self.id)
            .system(SystemContentBlock::Text(prompt::INSTRUCTIONS.to_owned()))
            .set_messages(Some(messages.map_err(refused)?))
            .inference_config(
                InferenceConfiguration::builder()
                    .max_tokens(ANSWER_TOKENS)
                    .temperature(TEMPERATURE)
                    .build(),
            )
            .output_config(output_config().map_err(refused)?);
        let output = request
            .send()
            .await
            .map_err(|error| classify("Converse", &error))?;
        read(&output)
    }
}

fn message((role, text): &(ConversationRole, String)) -> Result<Message, BuildError> {
    Message::builder()
        .role(role.clone())
        .content(ContentBlock::Text(text.clone()))
        .build()
}

/// JSON of the reduced schema.
fn output_config() -> Result<OutputConfig, BuildError> {
    let schema = JsonSchemaDefinition::builder()
        .name(prompt::SCHEMA_NAME)
        .schema(draft::SCHEMA)
        .build()?;
    let format = OutputFormat::builder()
        .r#type(OutputFormatType::JsonSchema)
        .structure(OutputFormatStructure::JsonSchema(schema))
        .build()?;
    Ok(OutputConfig::builder().text_format(format).build())
}

fn read(output: &ConverseOutput) -> Result<Turn, Error> {
    let message = output.output().and_then(|output| output.as_message().ok());
    let blocks = message.map(Message::content).unwrap_or_default();
    let text: String = blocks
        .iter()
        .filter_map(|block| block.as_text().ok())
        .map(String::as_str)
        .collect();
    let answer = answer(output.stop_reason(), text)?;
    let tokens = |count: i32| u64::try_from(count).unwrap_or(0);
    let usage = output.usage();
    Ok(Turn {
        answer,
        input_tokens: usage.map_or(0, |usage| tokens(usage.input_tokens())),
        output_tokens: usage.map_or(0, |usage| tokens(usage.output_tokens())),
    })
}

/// What a stop reason makes of a text.
fn answer(reason: &StopReason, text: String) -> Result<Answer, Error> {
    match reason {
        StopReason::EndTurn | StopReason::StopSequence | StopReason::MalformedModelOutput => {
            Ok(Answer::Text(text))
        }
        StopReason::MaxTokens => Ok(Answer::Truncated),
        other => Err(Error::ModelRefused(format!(
            "stop reason {}",
            other.as_str()
        ))),
    }
}

/// The checked draft of an answer that can be read, and the complaint about an answer that is not good.
fn judge(
    answer: &Answer,
    timeline: &Timeline,
    window: Window,
) -> (Option<Reviewed>, Option<String>) {
    let text = match answer {
        Answer::Text(text) => text,
        Answer::Truncated => return (None, Some(String::new())),
    };
    match draft::parse(text) {
        Ok(draft) => reviewed(draft, timeline, window),
        Err(error) => {
            let problem = Problem {
                code: WarningCode::AnswerMalformed,
                message: error.to_string(),
                is_unsupported: false,
            };
            (None, Some(prompt::correction(&[problem])))
        }
    }
}

fn reviewed(
    draft: Draft,
    timeline: &Timeline,
    window: Window,
) -> (Option<Reviewed>, Option<String>) {
    let reviewed = review(draft, timeline, window);
    let complaint = (!reviewed.problems.is_empty()).then(|| prompt::correction(&reviewed.problems));
    (Some(reviewed), complaint)
}

/// The draft with fewer problems; the corrected one when they are equal.
fn better(first: Option<Reviewed>, corrected: Option<Reviewed>) -> Option<Reviewed> {
    match (first, corrected) {
        (Some(first), Some(corrected)) if first.problems.len() < corrected.problems.len() => {
            Some(first)
        }
        (first, corrected) => corrected.or(first),
    }
}

fn unusable(answer: &Answer) -> Error {
    match answer {
        Answer::Truncated => Error::ModelTruncated,
        Answer::Text(text) => Error::BriefRejected(match draft::parse(text) {
            Ok(_) => "the model's draft cannot be used".to_owned(),
            Err(error) => format!("also after correction {error}"),
        }),
    }
}

fn written(reviewed: Reviewed, turns: &[&Turn]) -> Written {
    let input_tokens = turns.iter().map(|turn| turn.input_tokens).sum();
    let output_tokens = turns.iter().map(|turn| turn.output_tokens).sum();
    Written {
        reviewed,
        input_tokens,
        output_tokens,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(reason: &StopReason, expected: Result<Answer, &str>) {
        let found = answer(reason, "x".into());
        match (found, expected) {
            (Ok(found), Ok(expected)) => assert_eq!(found, expected),
            (Err(Error::ModelRefused(found)), Err(expected)) => assert_eq!(found, expected),
            (found, expected) => unreachable!("{reason:?}: {found:?}, not {expected:?}"),
        }
    }

    #[test]
    fn stop_reasons_tell_refusals_from_answers() {
        check(&StopReason::EndTurn, Ok(Answer::Text("x".into())));
        check(&StopReason::MaxTokens, Ok(Answer::Truncated));
        check(
            &StopReason::GuardrailIntervened,
            Err("stop reason guardrail_intervened"),
        );
        check(
            &StopReason::ContentFiltered,
            Err("stop reason content_filtered"),
        );
        check(&StopReason::from("refusal"), Err("stop reason refusal"));
        check(
            &StopReason::ModelContextWindowExceeded,
            Err("stop reason model_context_window_exceeded"),
        );
    }

    #[test]
    fn the_better_draft_is_kept() {
        let draft = |problems: usize| {
            let problem = Problem {
                code: WarningCode::AnswerMalformed,
                message: String::new(),
                is_unsupported: false,
            };
            Some(Reviewed {
                draft: Draft::default(),
                problems: vec![problem; problems],
            })
        };
        let check =
            |first: Option<Reviewed>, corrected: Option<Reviewed>, expected: Option<usize>| {
                assert_eq!(
                    better(first, corrected).map(|kept| kept.problems.len()),
                    expected
                );
            };
        check(draft(3), draft(1), Some(1));
        check(draft(1), draft(3), Some(1));
        check(draft(2), None, Some(2));
        check(None, draft(2), Some(2));
        check(None, None, None);
    }

    #[test]
    fn unusable_answers_have_names() {
        assert_eq!(unusable(&Answer::Truncated), Error::ModelTruncated);
        assert!(matches!(
            unusable(&Answer::Text("no JSON".into())),
            Error::BriefRejected(_)
        ));
    }

    #[test]
    fn requests_carry_the_reduced_schema() {
        let config = output_config().unwrap_or_else(|error| unreachable!("{error}"));
        let structure = config.text_format().and_then(OutputFormat::structure);
        let schema = structure.and_then(|structure| structure.as_json_schema().ok());
        assert_eq!(
            schema.map(JsonSchemaDefinition::schema),
            Some(draft::SCHEMA)
        );
    }
}
