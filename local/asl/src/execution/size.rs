//! The size of payloads.

use std::io;

use serde_json::Value;

/// Largest input or output of a state, in bytes of UTF-8 (AWS quota).
pub(super) const MAX_PAYLOAD_BYTES: usize = 262_144;

/// Bytes of the value as JSON text.
pub(crate) fn json_size(value: &Value) -> usize {
    let mut counter = Counter(0);
    // Writing to the counter cannot fail.
    let written = serde_json::to_writer(&mut counter, value);
    debug_assert!(written.is_ok(), "counting bytes failed");
    counter.0
}

/// The cause of a failure by size, in AWS's words.
pub(super) fn exceeds(name: &str) -> String {
    format!(
        "The state/task '{name}' returned a result with a size exceeding the maximum number of bytes service limit."
    )
}

struct Counter(usize);

impl io::Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
