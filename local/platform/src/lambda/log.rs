//! Standard output and error of a process, cut into one file per invocation.

use std::fs::{self, File};
use std::io::Write;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};

/// Bytes kept of one invocation's output: enough for any trace, and a loop that prints cannot fill the disk.
const MAX_BYTES: usize = 8 * 1024 * 1024;

/// The file into which a process writes now.
#[derive(Clone)]
pub(super) struct InvocationLog {
    folder: PathBuf,
    current: Arc<Mutex<Option<(File, usize)>>>,
}

impl InvocationLog {
    /// Logs go to `folder/<request id>.log`.
    pub(super) fn new(folder: PathBuf) -> Self {
        Self {
            folder,
            current: Arc::new(Mutex::new(None)),
        }
    }

    /// Output from now on belongs to this invocation. A log that cannot be written never stops a function.
    pub(super) fn begin(&self, request_id: &str) {
        let path = self.folder.join(format!("{request_id}.log"));
        let file = fs::create_dir_all(&self.folder).and_then(|()| File::create(&path));
        if let Err(error) = &file {
            tracing::warn!(path = %path.display(), %error, "cannot write a function's log");
        }
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) =
            file.ok().map(|file| (file, 0));
    }

    /// Copies a pipe of the process, line by line, until it closes.
    pub(super) async fn copy(self, pipe: impl AsyncRead + Unpin) {
        let mut reader = BufReader::new(pipe);
        let mut line = Vec::new();
        while let Ok(count) = reader.read_until(b'\n', &mut line).await {
            if count == 0 {
                break;
            }
            self.write(&line);
            line.clear();
        }
    }

    fn write(&self, line: &[u8]) {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((file, written)) = current.as_mut()
            && *written < MAX_BYTES
        {
            *written += line.len();
            // A full disk must not end the function; the answer still tells what went wrong.
            let _ = file.write_all(line);
        }
    }
}
