//! The members of a Converse request that matter here.

use serde_json::Value;
use videoflow_platform::service::ServiceError;

use super::block::Block;

const TAGS: (&str, &str) = ("<timeline>", "</timeline>");

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// `user` or `assistant`.
    pub role: String,
    /// Its text blocks.
    pub text: String,
}

/// A request.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// The model asked for.
    pub model: String,
    /// System texts.
    pub system: String,
    /// In order; the last is the user's.
    pub messages: Vec<Message>,
    /// JSON schema of the answer.
    pub schema: Option<Value>,
    /// Tokens that the answer may have.
    pub max_tokens: Option<usize>,
}

impl Request {
    /// Reads and checks the parameters.
    ///
    /// # Errors
    /// `ValidationException`.
    pub fn parse(parameters: &Value) -> Result<Self, ServiceError> {
        let model = member(parameters, &["ModelId"])
            .and_then(Value::as_str)
            .ok_or_else(|| invalid("modelId is missing"))?;
        let messages = member(parameters, &["Messages"])
            .and_then(Value::as_array)
            .map(Vec::as_slice)
            .unwrap_or_default();
        let messages = messages.iter().map(message).collect::<Option<Vec<_>>>();
        let messages = messages.ok_or_else(|| invalid("a message lacks its role or content"))?;
        if messages.last().is_none_or(|last| last.role != "user") {
            return Err(invalid("a conversation must end with a user message"));
        }
        let schema = [
            "OutputConfig",
            "TextFormat",
            "Structure",
            "JsonSchema",
            "Schema",
        ];
        let schema = member(parameters, &schema)
            .and_then(Value::as_str)
            .map(serde_json::from_str::<Value>);
        let schema = schema
            .transpose()
            .map_err(|error| invalid(&format!("the output schema is no JSON: {error}")))?;
        let limit = member(parameters, &["InferenceConfig", "MaxTokens"]).and_then(Value::as_u64);
        Ok(Self {
            model: model.to_owned(),
            system: member(parameters, &["System"])
                .map(texts)
                .unwrap_or_default(),
            messages,
            schema,
            max_tokens: limit.map(|limit| usize::try_from(limit).unwrap_or(usize::MAX)),
        })
    }

    /// The timeline of the latest message that has one.
    pub fn block(&self) -> Option<Block> {
        let mut messages = self
            .messages
            .iter()
            .rev()
            .filter(|message| message.role == "user");
        messages.find_map(|message| {
            let (_, rest) = message.text.split_once(TAGS.0)?;
            serde_json::from_str(rest.split_once(TAGS.1)?.0).ok()
        })
    }

    /// Letters of everything that a model would read.
    pub fn letters(&self) -> usize {
        let schema = self
            .schema
            .as_ref()
            .map_or(0, |schema| schema.to_string().chars().count());
        let messages: usize = self
            .messages
            .iter()
            .map(|message| message.text.chars().count())
            .sum();
        self.system.chars().count() + messages + schema
    }
}

fn invalid(message: &str) -> ServiceError {
    ServiceError::new("ValidationException", 400, message)
}

/// A nested member by names in Step Functions' spelling; the wire's own lower case is as good.
fn member<'a>(value: &'a Value, path: &[&str]) -> Option<&'a Value> {
    path.iter().try_fold(value, |value, name| {
        let lower = || {
            name.char_indices().map(|(place, c)| {
                if place == 0 {
                    c.to_ascii_lowercase()
                } else {
                    c
                }
            })
        };
        value
            .get(name)
            .or_else(|| value.get(lower().collect::<String>()))
    })
}

fn message(message: &Value) -> Option<Message> {
    let role = member(message, &["Role"])?.as_str()?.to_owned();
    Some(Message {
        role,
        text: texts(member(message, &["Content"])?),
    })
}

fn texts(blocks: &Value) -> String {
    let blocks = blocks.as_array().map(Vec::as_slice).unwrap_or_default();
    let texts = blocks
        .iter()
        .filter_map(|block| member(block, &["Text"])?.as_str());
    texts.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(member: &str, value: Value, expected: &str) {
        let mut parameters = json!({
            "modelId": "local",
            "messages": [{"role": "user", "content": [{"text": "<timeline>{\"durationMs\":5}</timeline>"}]}],
        });
        parameters[member] = value;
        let answer = match Request::parse(&parameters) {
            Ok(request) => format!("{:?}", request.block().map(|block| block.duration_ms)),
            Err(error) => error.message,
        };
        assert!(answer.contains(expected), "{answer}");
    }

    #[test]
    fn reads_both_spellings_and_refuses_nonsense() {
        check("system", json!([{"text": "Be brief."}]), "Some(5)");
        check("modelId", Value::Null, "modelId is missing");
        check("messages", json!([]), "end with a user message");
        check(
            "messages",
            json!([{"role": "user"}]),
            "lacks its role or content",
        );
        check(
            "messages",
            json!([{"role": "user", "content": [{"text": "no block"}]}]),
            "None",
        );
        let schema = json!({"textFormat": {"structure": {"jsonSchema": {"schema": "{"}}}});
        check("outputConfig", schema, "schema is no JSON");
    }
}
