//! Reads a request a line and writes an answer a line; see [`videoflow_asl::exec`].

use std::io::{self, BufRead, Write};

fn main() -> io::Result<()> {
    let mut output = io::stdout().lock();
    for line in io::stdin().lock().lines() {
        let line = line?;
        if !line.trim().is_empty() {
            writeln!(output, "{}", videoflow_asl::exec::exec(&line))?;
        }
    }
    Ok(())
}
