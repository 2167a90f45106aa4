//! Running ffmpeg and ffprobe with bounded time and output.

use std::ffi::OsStr;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader};
use tokio::process::Child;
use videoflow_platform::mortal;

/// Last bytes of stderr that an error shows.
const STDERR_BYTES: usize = 4096;
/// Last lines of stderr that an error shows: the cause is in the last few, the rest is banner and statistics.
const STDERR_LINES: usize = 6;
/// ffprobe's answer for a file with thousands of chapters and tags stays far below.
const PROBE_OUTPUT_BYTES: usize = 4 * 1024 * 1024;
/// Reading headers takes milliseconds; a file without an index may have to be read as a whole.
const PROBE_TIME: Duration = Duration::from_mins(1);

/// Containers that are opened, by ffmpeg's demuxer names: those that `MediaConvert`'s Probe knows. Everything else is
/// refused unread: text, pictures, and above all playlists, which could point at other files of this machine.
pub const DEMUXERS: &str =
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,mxf,wav,mp3,flac,asf,ogg,aac,ac3,eac3";

/// A program of the ffmpeg package, found by `PATH`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Program {
    /// Converts.
    Ffmpeg,
    /// Reads what a file holds.
    Ffprobe,
}

impl Program {
    fn name(self) -> &'static str {
        match self {
            Self::Ffmpeg => "ffmpeg",
            Self::Ffprobe => "ffprobe",
        }
    }
}

/// Why a program gave no result.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The program cannot be started.
    #[error("{program} cannot be started (is the package ffmpeg installed?): {source}")]
    NotStarted {
        /// Its name.
        program: &'static str,
        /// Cause.
        source: std::io::Error,
    },
    /// It ran for too long and was killed.
    #[error("{program} ran for more than {} s", .limit.as_secs())]
    TimedOut {
        /// Its name.
        program: &'static str,
        /// The limit.
        limit: Duration,
    },
    /// It wrote more than the caller takes, and was killed.
    #[error("{program} wrote more than {limit_bytes} bytes")]
    OutputTooLarge {
        /// Its name.
        program: &'static str,
        /// The limit.
        limit_bytes: usize,
    },
    /// It ended with an error.
    #[error("{program} failed ({status}): {stderr}")]
    Failed {
        /// Its name.
        program: &'static str,
        /// How it ended.
        status: ExitStatus,
        /// The last lines of its stderr.
        stderr: String,
    },
    /// Its output could not be read.
    #[error("the output of {program} cannot be read: {source}")]
    Unreadable {
        /// Its name.
        program: &'static str,
        /// Cause.
        source: std::io::Error,
    },
}

/// What a run may take.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Wall time.
    pub time: Duration,
    /// Bytes of stdout.
    pub output_bytes: usize,
}

/// Runs a program to its end and hands back its stdout. Dropping the future kills the program.
///
/// # Errors
/// Every variant of [`Error`].
pub async fn run<I, S>(program: Program, arguments: I, limits: Limits) -> Result<Vec<u8>, Error>
where
    I: IntoIterator<Item = S>,
    S: AsRef<OsStr>,
{
    let mut output = Vec::new();
    let name = program.name();
    run_with(program, arguments, limits.time, async |stdout| {
        let limit = u64::try_from(limits.output_bytes).unwrap_or(u64::MAX);
        stdout
            .take(limit.saturating_add(1))
            .read_to_end(&mut output)
            .await
            .map_err(|source| Error::Unreadable {
                program: name,
                source,
            })?;
        if output.len() > limits.output_bytes {
            return Err(Error::OutputTooLarge {
                program: name,
                limit_bytes: limits.output_bytes,
            });
        }
        Ok(())
    })
    .await?;
    Ok(output)
}

/// Runs ffmpeg and hands back the last lines that it says: what filters measured, at its level `info`. The arguments
/// must not write to stdout. Dropping the future kills ffmpeg.
///
/// # Errors
/// `NotStarted`, `TimedOut`, `Failed`, `Unreadable`.
pub async fn report<I, S>(arguments: I, limit: Duration) -> Result<String, Error>
where
    I: IntoIterator<Item = S>,
    S: AsRef<OsStr>,
{
    let fixed = ["-nostdin", "-hide_banner", "-nostats", "-v", "info"];
    let arguments = fixed.iter().map(OsStr::new).map(OsStr::to_owned).chain(
        arguments
            .into_iter()
            .map(|argument| argument.as_ref().to_owned()),
    );
    let said = run_with(Program::Ffmpeg, arguments, limit, async |_| Ok(())).await?;
    Ok(String::from_utf8_lossy(&said).into_owned())
}

/// Runs ffmpeg and tells how much of the output's time line is done. The arguments must not write to stdout.
/// Dropping the future kills ffmpeg.
///
/// # Errors
/// `NotStarted`, `TimedOut`, `Failed`, `Unreadable`.
pub async fn convert<I, S>(
    arguments: I,
    limit: Duration,
    mut on_progress: impl FnMut(Duration),
) -> Result<(), Error>
where
    I: IntoIterator<Item = S>,
    S: AsRef<OsStr>,
{
    let fixed = [
        "-nostdin",
        "-hide_banner",
        "-nostats",
        "-y",
        "-progress",
        "pipe:1",
    ]
    .map(std::ffi::OsString::from);
    let arguments = fixed.into_iter().chain(
        arguments
            .into_iter()
            .map(|argument| argument.as_ref().to_owned()),
    );
    run_with(Program::Ffmpeg, arguments, limit, async |stdout| {
        let mut lines = BufReader::new(stdout).lines();
        while let Some(line) = lines
            .next_line()
            .await
            .map_err(|source| Error::Unreadable {
                program: "ffmpeg",
                source,
            })?
        {
            if let Some(micros) = line
                .strip_prefix("out_time_us=")
                .and_then(|value| value.parse().ok())
            {
                on_progress(Duration::from_micros(micros));
            }
        }
        Ok(())
    })
    .await
    .map(drop)
}

/// What ffprobe knows of a file: its JSON with `format` and `streams`.
///
/// # Errors
/// `Failed` when the file is no media file, and the other variants of [`Error`].
pub async fn probe(file: &std::path::Path) -> Result<serde_json::Value, Error> {
    let options = [
        "-v",
        "error",
        "-of",
        "json",
        "-show_format",
        "-show_streams",
        "-format_whitelist",
        DEMUXERS,
        "-i",
    ];
    let arguments = options.iter().map(OsStr::new).chain([file.as_os_str()]);
    let output = run(
        Program::Ffprobe,
        arguments,
        Limits {
            time: PROBE_TIME,
            output_bytes: PROBE_OUTPUT_BYTES,
        },
    )
    .await?;
    serde_json::from_slice(&output).map_err(|error| Error::Unreadable {
        program: "ffprobe",
        source: error.into(),
    })
}

/// Runs a program to its end and hands back the last bytes of its stderr.
async fn run_with<I, S, R>(
    program: Program,
    arguments: I,
    limit: Duration,
    read: R,
) -> Result<Vec<u8>, Error>
where
    I: IntoIterator<Item = S>,
    S: AsRef<OsStr>,
    R: AsyncFnOnce(tokio::process::ChildStdout) -> Result<(), Error>,
{
    let name = program.name();
    let child = mortal::command(name).and_then(|mut command| {
        command
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
    });
    let mut child = child.map_err(|source| Error::NotStarted {
        program: name,
        source,
    })?;
    match tokio::time::timeout(limit, attend(&mut child, name, read)).await {
        Ok(ended) => ended,
        Err(_) => Err(Error::TimedOut {
            program: name,
            limit,
        }),
    }
}

async fn attend<R>(child: &mut Child, name: &'static str, read: R) -> Result<Vec<u8>, Error>
where
    R: AsyncFnOnce(tokio::process::ChildStdout) -> Result<(), Error>,
{
    let (Some(stdout), Some(stderr)) = (child.stdout.take(), child.stderr.take()) else {
        let source = std::io::Error::other("no pipe");
        return Err(Error::Unreadable {
            program: name,
            source,
        });
    };
    let unreadable = |source| Error::Unreadable {
        program: name,
        source,
    };
    let ((), tail) = tokio::try_join!(read(stdout), async {
        tail(stderr).await.map_err(unreadable)
    })?;
    let status = child.wait().await.map_err(unreadable)?;
    if status.success() {
        Ok(tail)
    } else {
        Err(Error::Failed {
            program: name,
            status,
            stderr: last_lines(&tail),
        })
    }
}

/// Reads to the end and keeps the last bytes.
async fn tail(mut stream: impl AsyncRead + Unpin) -> std::io::Result<Vec<u8>> {
    let mut kept = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let count = stream.read(&mut buffer).await?;
        if count == 0 {
            return Ok(kept);
        }
        kept.extend(buffer.iter().take(count));
        kept.drain(..kept.len().saturating_sub(STDERR_BYTES));
    }
}

fn last_lines(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let lines: Vec<&str> = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    let first = lines.len().saturating_sub(STDERR_LINES);
    lines.get(first..).unwrap_or_default().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits {
        time: Duration::from_secs(20),
        output_bytes: 100_000,
    };

    async fn check(arguments: &[&str], limits: Limits, expected: &str) {
        let answer = match run(Program::Ffmpeg, arguments, limits).await {
            Ok(output) => format!("{} bytes", output.len()),
            Err(error) => error.to_string(),
        };
        assert!(answer.contains(expected), "{answer}");
    }

    #[tokio::test]
    async fn bounds_time_and_output_and_shows_the_cause() {
        let tone = |seconds: &'static str| {
            [
                "-v", "error", "-f", "lavfi", "-i", "sine", "-t", seconds, "-f", "u8", "-",
            ]
        };
        check(&tone("1"), LIMITS, "44100 bytes").await;
        check(&tone("100"), LIMITS, "ffmpeg wrote more than 100000 bytes").await;
        check(
            &["-v", "error", "-i", "/no/such/file", "-f", "null", "-"],
            LIMITS,
            "No such file or directory",
        )
        .await;
        let endless = [
            "-v", "error", "-re", "-f", "lavfi", "-i", "sine", "-f", "null", "-",
        ];
        check(
            &endless,
            Limits {
                time: Duration::from_millis(50),
                ..LIMITS
            },
            "ran for more than 0 s",
        )
        .await;
    }

    #[tokio::test]
    async fn conversion_tells_its_progress() {
        let mut furthest = Duration::ZERO;
        let tone = [
            "-f",
            "lavfi",
            "-i",
            "sine",
            "-t",
            "2",
            "-f",
            "null",
            "/dev/null",
        ];
        let done = convert(tone, LIMITS.time, |time| furthest = furthest.max(time)).await;
        assert!(done.is_ok());
        assert!(furthest >= Duration::from_millis(1900), "{furthest:?}");
    }
}
