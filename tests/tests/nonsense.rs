//! A model that answers nonsense, on the real binaries: nothing that it invents is published.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Output};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::support::{binaries, calls, job_item, last_json, read_json, root, short_clip};

/// What no one says or shows in the clip.
const INVENTED: &str = "The mayor resigns over the bridge";

/// An OpenAI-compatible server that gives one answer to everything.
pub struct Nonsense {
    /// Where it is.
    pub url: String,
    answer: Arc<Mutex<(u16, String)>>,
    asked: Arc<AtomicUsize>,
}

impl Nonsense {
    /// Starts it.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}/v1", listener.local_addr().expect("an address"));
        let answer = Arc::new(Mutex::new((200, String::new())));
        let asked = Arc::new(AtomicUsize::new(0));
        let (given, counted) = (Arc::clone(&answer), Arc::clone(&asked));
        // It ends with the process of the tests.
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                counted.fetch_add(1, Ordering::Relaxed);
                let (status, body) = given.lock().expect("no panic holds it").clone();
                serve(&stream, status, &body).unwrap_or_default();
            }
        });
        Self { url, answer, asked }
    }

    /// Sets the answer, and forgets how often it was asked.
    pub fn says(&self, status: u16, content: &str, finish_reason: &str) {
        let body = json!({ "choices": [{ "message": { "content": content }, "finish_reason": finish_reason }],
            "usage": { "prompt_tokens": 1, "completion_tokens": 1 } });
        *self.answer.lock().expect("no panic holds it") = (status, body.to_string());
        self.asked.store(0, Ordering::Relaxed);
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }

    fn videoflow(&self, arguments: &[&str]) -> Output {
        Command::new(binaries().join("videoflow"))
            .args(arguments)
            .current_dir(root())
            .env("VIDEOFLOW_OPENAI_BASE_URL", &self.url)
            .output()
            .expect("videoflow is built: run the tests by `make test`")
    }
}

/// Reads one request and answers it.
fn serve(stream: &TcpStream, status: u16, body: &str) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 || line == "\r\n" {
            break;
        }
        if let Some((_, value)) = line
            .split_once(':')
            .filter(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        {
            length = value.trim().parse().unwrap_or(0);
        }
    }
    reader.take(length).read_to_end(&mut Vec::new())?;
    let head = format!(
        "HTTP/1.1 {status} x\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    let mut stream = stream;
    stream.write_all((head + body).as_bytes())
}

/// A draft in the schema of the model's answers in which everything is invented.
fn invented_draft() -> String {
    let mut draft = read_json(&root().join("functions/shared/samples/draft.json"));
    invent(&mut draft);
    draft.to_string()
}

fn invent(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                match name.as_str() {
                    "evidence" => *member = json!(["s999"]),
                    "text" | "title" | "abstractShort" if member.is_string() => {
                        *member = json!(INVENTED);
                    }
                    _ => invent(member),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(invent),
        _ => {}
    }
}

#[test]
fn what_a_model_invents_is_not_published() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let clip = short_clip(folder.path());
    let (clip, out) = (clip.to_str().expect("UTF-8"), folder.path().join("out"));
    let model = Nonsense::start();
    let out_arg = out.to_str().expect("UTF-8");
    model.says(400, "no such model", "stop");
    let failed = model.videoflow(&["run", clip, "--json", "--out", out_arg]);
    let answer = last_json(&failed);
    assert_eq!(failed.status.code(), Some(1), "{answer}");
    let job = answer["jobId"].as_str().expect("a job id").to_owned();
    let details = job_item(&out, &job)["ErrorDetails"]["M"].clone();
    let found = (&details["state"]["S"], &details["error"]["S"]);
    assert_eq!(
        found,
        (&json!("WriteBrief"), &json!("ServiceRefused")),
        "{details}"
    );
    assert_eq!(model.asked(), 1, "a refused request is not repeated");

    model.says(200, &invented_draft(), "stop");
    let redriven = model.videoflow(&["redrive", &job, "--json", "--yes", "--out", out_arg]);
    assert_eq!(last_json(&redriven)["status"], "PUBLISHED", "{redriven:?}");
    assert_eq!(model.asked(), 2, "one answer and one correction");
    assert_eq!(calls(&out, "CreateJob"), 1, "two tries are transcoded once");
    check_brief(
        &out.join(&job),
        &["UnknownEvidence", "UnsupportedStatement"],
    );

    let unusable = [
        ("I am a teapot.", "stop", "AnswerMalformed"),
        ("{\"title\": {\"text\": \"", "length", "AnswerTruncated"),
    ];
    for (content, reason, warning) in unusable {
        model.says(200, content, reason);
        let forced = model.videoflow(&["run", clip, "--force", "--json", "--out", out_arg]);
        let answer = last_json(&forced);
        assert_eq!(answer["status"], "PUBLISHED", "{content}: {answer}");
        assert_eq!(model.asked(), 2, "{content}: one answer and one correction");
        check_brief(
            &out.join(answer["jobId"].as_str().expect("a job id")),
            &[warning],
        );
    }
}

/// The brief has none of what was invented, and says what was dropped.
fn check_brief(folder: &Path, codes: &[&str]) {
    let brief = read_json(&folder.join("brief.json"));
    let warnings = brief["quality"]["warnings"].as_array().expect("warnings");
    for code in codes {
        assert!(
            warnings.iter().any(|warning| warning["code"] == **code),
            "{code}: {warnings:?}"
        );
    }
    let invented = codes.contains(&"UnsupportedStatement");
    assert_eq!(
        brief["quality"]["unsupportedStatements"].as_u64() > Some(0),
        invented,
        "{}",
        brief["quality"]
    );
    let mut published = brief;
    published["quality"]["warnings"] = Value::Null;
    let published = published.to_string();
    assert!(
        !published.contains(INVENTED) && !published.contains("teapot"),
        "{published}"
    );
}
