//! `videoflow console` as a process of its own, and a browser that looks at it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use super::{binaries, report, root};

/// Where Chromium is.
const CHROMIUM: [&str; 3] = [
    "/usr/bin/chromium",
    "/usr/bin/chromium-browser",
    "/usr/bin/google-chrome",
];

/// A running console; it ends with the test.
pub struct Console {
    process: Child,
    /// The page's address, with its token.
    pub url: String,
}

/// What it answers to a request.
#[derive(Debug)]
pub struct Answer {
    /// Status.
    pub status: u16,
    /// Status line and headers.
    pub head: String,
    /// Body.
    pub body: String,
}

impl Console {
    /// Starts it, on any free port.
    pub fn start(arguments: &[&str]) -> Self {
        let mut process = Command::new(binaries().join("videoflow"))
            .args(["console", "--no-browser", "--port", "0", "--json"])
            .args(arguments)
            .current_dir(root())
            .stdout(Stdio::piped())
            .spawn()
            .expect("videoflow is built: run the tests by `make test`");
        let mut line = String::new();
        let output = process.stdout.take().expect("standard output");
        BufReader::new(output).read_line(&mut line).expect("a line");
        let told: Value = serde_json::from_str(&line).expect("one JSON object");
        let url = told["url"].as_str().expect("an address").to_owned();
        Self { process, url }
    }

    /// `127.0.0.1:<port>`.
    pub fn address(&self) -> &str {
        let (_, rest) = self.url.split_once("//").expect("an address");
        rest.split('/').next().expect("an address")
    }

    /// The secret.
    pub fn token(&self) -> &str {
        self.url.split_once("token=").expect("a token").1
    }

    /// Sends a request as it stands; `{host}` and `{token}` are filled in.
    pub fn send(&self, request: &str) -> Answer {
        let request = request
            .replace("{host}", self.address())
            .replace("{token}", self.token());
        let mut stream = TcpStream::connect(self.address()).expect("it listens");
        stream.write_all(request.as_bytes()).expect("a request");
        let mut answer = Vec::new();
        // What is refused with its body unread ends by a reset.
        let _ = stream.read_to_end(&mut answer);
        let answer = String::from_utf8_lossy(&answer);
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok());
        Answer {
            status: status.unwrap_or_else(|| panic!("no status: {answer}")),
            head: head.to_lowercase(),
            body: body.to_owned(),
        }
    }

    /// Asks as the page does.
    pub fn get(&self, path: &str) -> Answer {
        self.send(&format!(
            "GET {path} HTTP/1.1\r\nHost: {{host}}\r\nX-Videoflow-Token: {{token}}\r\nConnection: close\r\n\r\n"
        ))
    }

    /// Sends a value as the page does.
    pub fn post(&self, path: &str, body: &str) -> Answer {
        self.send(&format!(
            "POST {path} HTTP/1.1\r\nHost: {{host}}\r\nOrigin: http://{{host}}\r\nX-Videoflow-Token: {{token}}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        ))
    }
}

impl Answer {
    /// The body's JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Has the browser look at what is asked; without browser or driver it says so and passes.
pub fn look(mut asked: Value) {
    let python = root().join(".cache/browser/bin/python");
    let chromium = CHROMIUM
        .iter()
        .find(|path| std::fs::exists(path).unwrap_or(false));
    let Some(chromium) = chromium.filter(|_| python.exists()) else {
        report(
            "skipped: console and report are not looked at, for there is no Chromium, or no Playwright in .cache/browser",
        );
        return;
    };
    asked["chromium"] = Value::from(*chromium);
    asked["out"] = Value::from(pictures().display().to_string());
    let mut looking = Command::new(&python)
        .arg(root().join("tests/browser/looking.py"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("a browser's driver");
    let mut input = looking.stdin.take().expect("standard input");
    input
        .write_all(asked.to_string().as_bytes())
        .expect("a request");
    drop(input);
    let output = looking.wait_with_output().expect("an end");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{asked}\n{said}");
}

/// Folder of the pictures that are taken: for whoever wants to see them.
fn pictures() -> PathBuf {
    binaries()
        .parent()
        .expect("a target folder")
        .join("pictures")
}
