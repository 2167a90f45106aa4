//! An OpenAI-compatible server as the writer: `POST <base>/chat/completions` by plain HTTP, for a model server on this
//! machine or network.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use videoflow_platform::service::ServiceError;

use super::{Request, Written};

/// The base URL, such as `http://127.0.0.1:8080/v1`.
const BASE_URL: &str = "VIDEOFLOW_OPENAI_BASE_URL";
/// The model to ask for, if not the request's own.
const MODEL: &str = "VIDEOFLOW_OPENAI_MODEL";
const API_KEY: &str = "VIDEOFLOW_OPENAI_API_KEY";
/// A model on a processor writes a few words a second.
const TIME: Duration = Duration::from_mins(15);
/// An answer of the longest kind is far smaller.
const ANSWER_BYTES: u64 = 16 * 1024 * 1024;

/// Where it is, and what it is to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    base_url: String,
    model: Option<String>,
    api_key: Option<String>,
}

impl Server {
    /// The server that the environment names.
    pub fn from_environment() -> Option<Self> {
        let read = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        Some(Self {
            base_url: read(BASE_URL)?,
            model: read(MODEL),
            api_key: read(API_KEY),
        })
    }

    /// Lets the server write.
    ///
    /// # Errors
    /// Those of Converse, by what went wrong.
    pub async fn write(&self, request: &Request) -> Result<Written, ServiceError> {
        let (authority, path) = self.place()?;
        let body = self.body(request).to_string();
        let key = self
            .api_key
            .as_ref()
            .map(|key| format!("Authorization: Bearer {key}\r\n"))
            .unwrap_or_default();
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: {authority}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n{key}Connection: close\r\n\r\n",
            body.len()
        );
        let answer = tokio::time::timeout(
            TIME,
            exchange(&authority, &[head.as_bytes(), body.as_bytes()]),
        )
        .await;
        let answer = answer.map_err(|_| {
            ServiceError::new("ModelTimeoutException", 408, "the server did not answer")
        })?;
        let answer = answer.map_err(|error| {
            ServiceError::new(
                "ServiceUnavailableException",
                503,
                format!("{authority}: {error}"),
            )
        })?;
        let (status, body) =
            parse(&answer).ok_or_else(|| failed("the server's answer is no HTTP"))?;
        read(status, &body)
    }

    /// Authority with port, and path.
    fn place(&self) -> Result<(String, String), ServiceError> {
        let rest = self.base_url.strip_prefix("http://").ok_or_else(|| {
            ServiceError::new(
                "ValidationException",
                400,
                format!("{BASE_URL} must begin with http://"),
            )
        })?;
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let port = if authority.contains(':') { "" } else { ":80" };
        let path = path.trim_end_matches('/');
        let separator = if path.is_empty() { "" } else { "/" };
        Ok((
            format!("{authority}{port}"),
            format!("{separator}{path}/chat/completions"),
        ))
    }

    fn body(&self, request: &Request) -> Value {
        let system = (!request.system.is_empty())
            .then(|| json!({"role": "system", "content": request.system}));
        let messages = request
            .messages
            .iter()
            .map(|one| json!({"role": one.role, "content": one.text}));
        let mut body = json!({
            "model": self.model.as_ref().unwrap_or(&request.model),
            "messages": system.into_iter().chain(messages).collect::<Vec<_>>(),
        });
        if let Some(limit) = request.max_tokens {
            body["max_tokens"] = json!(limit);
        }
        if let Some(schema) = &request.schema {
            let schema = json!({"name": "answer", "strict": true, "schema": schema});
            body["response_format"] = json!({"type": "json_schema", "json_schema": schema});
        }
        body
    }
}

async fn exchange(authority: &str, request: &[&[u8]]) -> std::io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(authority).await?;
    for part in request {
        stream.write_all(part).await?;
    }
    let mut answer = Vec::new();
    stream.take(ANSWER_BYTES).read_to_end(&mut answer).await?;
    Ok(answer)
}

/// Status and body of an HTTP answer that ended with the connection.
fn parse(answer: &[u8]) -> Option<(u16, Vec<u8>)> {
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n")?;
    let (head, body) = (
        std::str::from_utf8(answer.get(..end)?).ok()?,
        answer.get(end + 4..)?,
    );
    let status = head.split_whitespace().nth(1)?.parse().ok()?;
    let is_chunked = head.to_lowercase().contains("transfer-encoding: chunked");
    Some((
        status,
        if is_chunked {
            unchunked(body)?
        } else {
            body.to_vec()
        },
    ))
}

fn unchunked(mut body: &[u8]) -> Option<Vec<u8>> {
    let mut whole = Vec::new();
    loop {
        let end = body.windows(2).position(|two| two == b"\r\n")?;
        let size = std::str::from_utf8(body.get(..end)?)
            .ok()?
            .split(';')
            .next()?;
        let size = usize::from_str_radix(size.trim(), 16).ok()?;
        if size == 0 {
            return Some(whole);
        }
        let start = end + 2;
        whole.extend_from_slice(body.get(start..start.checked_add(size)?)?);
        body = body.get(start + size + 2..)?;
    }
}

fn failed(message: &str) -> ServiceError {
    ServiceError::new("InternalServerException", 500, message)
}

fn read(status: u16, body: &[u8]) -> Result<Written, ServiceError> {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let message = || {
        body.pointer("/error/message")
            .and_then(Value::as_str)
            .unwrap_or("no message")
            .to_owned()
    };
    match status {
        200..=299 => {}
        429 => return Err(ServiceError::new("ThrottlingException", 429, message())),
        400..=499 => return Err(ServiceError::new("ValidationException", 400, message())),
        _ => return Err(failed(&message())),
    }
    let text = body
        .pointer("/choices/0/message/content")
        .and_then(Value::as_str);
    let stop_reason = match body
        .pointer("/choices/0/finish_reason")
        .and_then(Value::as_str)
    {
        Some("length") => "max_tokens",
        Some("content_filter") => "content_filtered",
        _ => "end_turn",
    };
    let tokens = |name: &str| {
        let count = body
            .pointer(&format!("/usage/{name}"))
            .and_then(Value::as_u64)
            .unwrap_or_default();
        usize::try_from(count).unwrap_or(usize::MAX)
    };
    Ok(Written {
        text: text
            .ok_or_else(|| failed("the server's answer has no text"))?
            .to_owned(),
        stop_reason,
        input_tokens: tokens("prompt_tokens"),
        output_tokens: tokens("completion_tokens"),
    })
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    type Failure = Box<dyn std::error::Error>;

    fn request() -> Result<Request, ServiceError> {
        Request::parse(&json!({
            "ModelId": "m", "System": [{"Text": "Be brief."}], "InferenceConfig": {"MaxTokens": 7},
            "Messages": [{"Role": "user", "Content": [{"Text": "Hi"}]}],
            "OutputConfig": {"TextFormat": {"Structure": {"JsonSchema": {"Schema": "{\"type\":\"object\"}"}}}},
        }))
    }

    /// What the writer makes of the answer, and what the server was asked.
    async fn check(
        answer: &'static str,
    ) -> Result<(Result<Written, ServiceError>, String), Failure> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let base_url = format!("http://{}/v1/", listener.local_addr()?);
        let server = Server {
            base_url,
            model: Some("tiny".to_owned()),
            api_key: Some("k".to_owned()),
        };
        let serve = async {
            let (mut stream, _) = listener.accept().await?;
            let mut asked = Vec::new();
            while !asked.ends_with(b"}}}") {
                stream.read_buf(&mut asked).await?;
            }
            stream.write_all(answer.as_bytes()).await?;
            Ok::<_, std::io::Error>(String::from_utf8_lossy(&asked).into_owned())
        };
        let request = request()?;
        let (written, asked) = tokio::join!(server.write(&request), serve);
        Ok((written, asked?))
    }

    #[tokio::test]
    async fn asks_and_reads() -> Result<(), Failure> {
        let answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n43\r\n{\"choices\":[{\"message\":{\"content\":\"{}\"},\"finish_reason\":\"length\"}],\r\n33\r\n\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":4}} \r\n0\r\n\r\n";
        let (written, asked) = check(answer).await?;
        let expected = Written {
            text: "{}".to_owned(),
            stop_reason: "max_tokens",
            input_tokens: 3,
            output_tokens: 4,
        };
        assert_eq!(written, Ok(expected));
        assert!(
            asked.starts_with("POST /v1/chat/completions HTTP/1.1\r\n")
                && asked.contains("Bearer k\r\n"),
            "{asked}"
        );
        let body: Value = serde_json::from_str(asked.split_once("\r\n\r\n").ok_or("no body")?.1)?;
        assert_eq!(
            (&body["model"], &body["max_tokens"]),
            (&json!("tiny"), &json!(7))
        );
        assert_eq!(
            body["messages"][0],
            json!({"role": "system", "content": "Be brief."})
        );
        assert_eq!(
            body["response_format"]["json_schema"]["schema"],
            json!({"type": "object"})
        );
        Ok(())
    }

    #[tokio::test]
    async fn errors_are_converses() -> Result<(), Failure> {
        let cases = [
            ("HTTP/1.1 429 Slow\r\n\r\n", "ThrottlingException"),
            (
                "HTTP/1.1 400 Bad\r\n\r\n{\"error\":{\"message\":\"no\"}}",
                "ValidationException",
            ),
            ("HTTP/1.1 500 Bad\r\n\r\n", "InternalServerException"),
            ("HTTP/1.1 200 OK\r\n\r\n{}", "InternalServerException"),
            ("nonsense", "InternalServerException"),
        ];
        for (answer, expected) in cases {
            let code = check(answer).await?.0.err().map(|error| error.code);
            assert_eq!(code.as_deref(), Some(expected), "{answer}");
        }
        let server = |url: &str| Server {
            base_url: url.to_owned(),
            model: None,
            api_key: None,
        };
        let code = server("https://example")
            .write(&request()?)
            .await
            .err()
            .map(|error| error.code);
        assert_eq!(code.as_deref(), Some("ValidationException"));
        let code = server("http://127.0.0.1:1")
            .write(&request()?)
            .await
            .err()
            .map(|error| error.code);
        assert_eq!(code.as_deref(), Some("ServiceUnavailableException"));
        Ok(())
    }
}
