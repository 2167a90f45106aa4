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
use videoflow_shared::error::{Error, classify};
use videoflow_shared::prompt;
use videoflow_shared::settings::{self, Setting};
use videoflow_shared::timeline::Timeline;

/// Tokens that an answer may have: a brief of twelve chapters has about 4000.
const ANSWER_TOKENS: i32 = 8000;
/// Low: a brief should be the same for the same video.
const TEMPERATURE: f32 = 0.2;

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
pub(crate) enum Answer {
    /// Whole.
    Text(String),
    /// Cut off.
    Truncated,
    /// The model, or a guardrail, refused: the stop reason.
    Refused(String),
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

    /// Asks for a draft, and once for a better one when it breaks rules. Without one that can be used the draft is empty:
    /// what was found then stands for itself, and the problems say why.
    ///
    /// # Errors
    /// All of [`Error`].
    pub async fn write(
        &self,
        request: String,
        timeline: &Timeline,
        window: Window,
    ) -> Result<Written, Error> {
        let first = self
            .ask(&[(ConversationRole::User, request.clone())])
            .await?;
        let judged = judge(&first.answer, timeline, window);
        let Some(turns) = correction(request, &first.answer, &judged) else {
            return Ok(written(judged, &[&first]));
        };
        let second = self.ask(&turns).await?;
        let corrected = judge(&second.answer, timeline, window);
        Ok(written(better(judged, corrected), &[&first, &second]))
    }

    async fn ask(&self, turns: &[(ConversationRole, String)]) -> Result<Turn, Error> {
        let refused = |error: BuildError| Error::ServiceRefused(format!("Converse: {error}"));
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
        Ok(read(&output))
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

fn read(output: &ConverseOutput) -> Turn {
    let message = output.output().and_then(|output| output.as_message().ok());
    let blocks = message.map(Message::content).unwrap_or_default();
    let text: String = blocks
        .iter()
        .filter_map(|block| block.as_text().ok())
        .map(String::as_str)
        .collect();
    let answer = answer(output.stop_reason(), text);
    let tokens = |count: i32| u64::try_from(count).unwrap_or(0);
    let usage = output.usage();
    Turn {
        answer,
        input_tokens: usage.map_or(0, |usage| tokens(usage.input_tokens())),
        output_tokens: usage.map_or(0, |usage| tokens(usage.output_tokens())),
    }
}

/// What a stop reason makes of a text.
fn answer(reason: &StopReason, text: String) -> Answer {
    match reason {
        StopReason::EndTurn | StopReason::StopSequence | StopReason::MalformedModelOutput => {
            Answer::Text(text)
        }
        StopReason::MaxTokens => Answer::Truncated,
        other => Answer::Refused(other.as_str().to_owned()),
    }
}

/// What an answer is worth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Judged {
    /// The checked draft; of an answer that cannot be read, the empty one.
    pub(crate) reviewed: Reviewed,
    /// Whether the answer could be read.
    is_draft: bool,
}

pub(crate) fn judge(answer: &Answer, timeline: &Timeline, window: Window) -> Judged {
    let (code, message) = match answer {
        Answer::Text(text) => match draft::parse(text) {
            Ok(draft) => {
                let reviewed = review(draft, timeline, window);
                return Judged {
                    reviewed,
                    is_draft: true,
                };
            }
            Err(error) => (WarningCode::AnswerMalformed, error.to_string()),
        },
        Answer::Truncated => (
            WarningCode::AnswerTruncated,
            format!("the answer does not end within {ANSWER_TOKENS} tokens"),
        ),
        Answer::Refused(reason) => (
            WarningCode::AnswerRefused,
            format!("the model does not write of this video (stop reason {reason})"),
        ),
    };
    // An empty draft has problems of its own, which say nothing beyond this one; its chapters are those of the timeline.
    let reviewed = Reviewed {
        problems: vec![Problem {
            code,
            message,
            is_unsupported: false,
        }],
        ..review(Draft::default(), timeline, window)
    };
    Judged {
        reviewed,
        is_draft: false,
    }
}

/// The conversation that asks for a better answer; `None` when there is none to be had.
fn correction(
    request: String,
    answer: &Answer,
    judged: &Judged,
) -> Option<Vec<(ConversationRole, String)>> {
    if judged.reviewed.problems.is_empty() {
        return None;
    }
    let complaint = prompt::correction(&judged.reviewed.problems);
    match answer {
        Answer::Refused(_) => None,
        // Bedrock takes no empty turn, and half an answer is no turn: the same is asked again, with the complaint.
        Answer::Text(text) if !text.trim().is_empty() => Some(vec![
            (ConversationRole::User, request),
            (ConversationRole::Assistant, text.clone()),
            (ConversationRole::User, complaint),
        ]),
        Answer::Text(_) | Answer::Truncated => Some(vec![(
            ConversationRole::User,
            format!("{request}\n\n{complaint}"),
        )]),
    }
}

/// A draft before none, then the one with fewer problems; the corrected one when they are equal.
fn better(first: Judged, corrected: Judged) -> Judged {
    let rank = |judged: &Judged| (!judged.is_draft, judged.reviewed.problems.len());
    if rank(&first) < rank(&corrected) {
        first
    } else {
        corrected
    }
}

fn written(judged: Judged, turns: &[&Turn]) -> Written {
    let input_tokens = turns.iter().map(|turn| turn.input_tokens).sum();
    let output_tokens = turns.iter().map(|turn| turn.output_tokens).sum();
    Written {
        reviewed: judged.reviewed,
        input_tokens,
        output_tokens,
    }
}

#[cfg(test)]
mod tests;
