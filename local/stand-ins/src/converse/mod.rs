//! Amazon Bedrock's Converse, answered without a language model: what a timeline says is cut together from its own
//! sentences and labels, in the shape of the request's JSON schema.
//!
//! With `VIDEOFLOW_OPENAI_BASE_URL` set, an OpenAI-compatible server writes instead.

use std::time::Instant;

use async_trait::async_trait;
use serde_json::{Value, json};
use videoflow_platform::service::{Call, Service, ServiceError};

mod block;
mod openai;
mod request;
mod schema;
mod writer;

use request::Request;

/// Letters of a token, roughly, in English.
const TOKEN_LETTERS: usize = 4;

/// The service.
pub struct Converse {
    server: Option<openai::Server>,
}

/// An answer of whoever writes.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Written {
    text: String,
    stop_reason: &'static str,
    input_tokens: usize,
    output_tokens: usize,
}

impl Converse {
    /// The service; it writes by itself unless the environment names a server.
    pub fn new() -> Self {
        Self {
            server: openai::Server::from_environment(),
        }
    }

    async fn converse(&self, parameters: &Value) -> Result<Value, ServiceError> {
        let start = Instant::now();
        let request = Request::parse(parameters)?;
        let written = match &self.server {
            Some(server) => server.write(&request).await?,
            None => extract(&request),
        };
        Ok(json!({
            "Output": {"Message": {"Role": "assistant", "Content": [{"Text": written.text}]}},
            "StopReason": written.stop_reason,
            "Usage": {
                "InputTokens": written.input_tokens,
                "OutputTokens": written.output_tokens,
                "TotalTokens": written.input_tokens + written.output_tokens,
            },
            "Metrics": {"LatencyMs": u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX)},
        }))
    }
}

impl Default for Converse {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl Service for Converse {
    fn name(&self) -> &'static str {
        "bedrock"
    }

    async fn call(&self, call: Call) -> Result<Value, ServiceError> {
        match call.operation.as_str() {
            "Converse" => self.converse(&call.parameters).await,
            other => Err(ServiceError::unknown_operation(other)),
        }
    }
}

/// The extractive answer, cut off where the request allows no more.
fn extract(request: &Request) -> Written {
    let draft = request.block().map(|block| writer::draft(&block));
    let text = match &request.schema {
        Some(schema) => schema::fitted(schema, draft.as_ref()).to_string(),
        None => plain(draft.as_ref()),
    };
    let tokens = |letters: usize| letters.div_ceil(TOKEN_LETTERS);
    let allowed = request.max_tokens.unwrap_or(usize::MAX);
    let (text, stop_reason) = if tokens(text.chars().count()) > allowed {
        (
            text.chars().take(allowed * TOKEN_LETTERS).collect(),
            "max_tokens",
        )
    } else {
        (text, "end_turn")
    };
    Written {
        stop_reason,
        input_tokens: tokens(request.letters()),
        output_tokens: tokens(text.chars().count()),
        text,
    }
}

fn plain(draft: Option<&Value>) -> String {
    let summary = draft
        .and_then(|draft| draft.pointer("/summary/text"))
        .and_then(Value::as_str);
    summary
        .unwrap_or("The local writer describes timelines only, and found none.")
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameters() -> Value {
        let block = json!({
            "language": "en-US", "durationMs": 25_000,
            "segments": [{"id": "s1", "startMs": 0, "endMs": 9000, "text": "Cats drink coffee."}],
        });
        json!({
            "ModelId": "local",
            "Messages": [{"Role": "user", "Content": [{"Text": format!("Write.\n<timeline>{block}</timeline>")}]}],
            "OutputConfig": {"TextFormat": {"Type": "json_schema", "Structure": {"JsonSchema": {
                "Name": "brief",
                "Schema": include_str!("../../../../functions/shared/schemas/brief-model.schema.json"),
            }}}},
        })
    }

    async fn check(parameters: Value) -> Result<(Value, String), ServiceError> {
        let answer = Converse { server: None }.converse(&parameters).await?;
        let text = answer
            .pointer("/Output/Message/Content/0/Text")
            .and_then(Value::as_str)
            .unwrap_or_default();
        Ok((answer.clone(), text.to_owned()))
    }

    #[tokio::test]
    async fn answers_in_the_schema() -> Result<(), Box<dyn std::error::Error>> {
        let (answer, text) = check(parameters()).await?;
        let draft: Value = serde_json::from_str(&text)?;
        assert_eq!(
            draft.pointer("/summary"),
            Some(&json!({"text": "Cats drink coffee.", "evidence": ["s1"]}))
        );
        assert_eq!(draft.pointer("/chapters/0/endMs"), Some(&json!(25_000)));
        assert_eq!(answer.get("StopReason"), Some(&json!("end_turn")));
        let usage = |name: &str| {
            answer
                .pointer(&format!("/Usage/{name}"))
                .and_then(Value::as_u64)
                .unwrap_or_default()
        };
        assert!(usage("InputTokens") > 0 && usage("OutputTokens") > 0);
        assert_eq!(
            usage("TotalTokens"),
            usage("InputTokens") + usage("OutputTokens")
        );
        Ok(())
    }

    #[tokio::test]
    async fn answers_a_correction_from_the_block_before_it()
    -> Result<(), Box<dyn std::error::Error>> {
        let mut corrected = parameters();
        if let Some(messages) = corrected.get_mut("Messages").and_then(Value::as_array_mut) {
            messages.push(json!({"Role": "assistant", "Content": [{"Text": "{}"}]}));
            messages
                .push(json!({"Role": "user", "Content": [{"Text": "The answer breaks rules."}]}));
        }
        assert_eq!(check(corrected).await?.1, check(parameters()).await?.1);
        Ok(())
    }

    #[tokio::test]
    async fn stops_at_the_token_limit() -> Result<(), ServiceError> {
        let mut short = parameters();
        short["InferenceConfig"] = json!({"MaxTokens": 10});
        let (answer, text) = check(short).await?;
        assert_eq!(
            (answer.get("StopReason"), text.chars().count()),
            (Some(&json!("max_tokens")), 40)
        );
        Ok(())
    }

    #[tokio::test]
    async fn without_a_schema_it_writes_the_summary() -> Result<(), ServiceError> {
        let mut plain = parameters();
        plain["OutputConfig"] = Value::Null;
        assert_eq!(check(plain).await?.1, "Cats drink coffee.");
        Ok(())
    }
}
