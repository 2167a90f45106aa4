//! Asking before something is done that cannot be taken back, or costs money.

use std::io::{self, BufRead, IsTerminal, Write};

/// What a person, or a script, says to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consent {
    /// Do it.
    Given,
    /// Do nothing.
    Refused,
    /// Nobody can be asked.
    Nobody,
}

/// Asks on the terminal, unless the answer was given (`--yes`).
///
/// # Errors
/// The terminal cannot be read.
pub fn ask(question: &str, is_given: bool) -> io::Result<Consent> {
    if is_given {
        return Ok(Consent::Given);
    }
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        eprintln!("nothing was done: --yes does it without asking");
        return Ok(Consent::Nobody);
    }
    eprint!("{question} [y/N] ");
    io::stderr().flush()?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    Ok(match answer.trim().to_lowercase().as_str() {
        "y" | "yes" => Consent::Given,
        _ => Consent::Refused,
    })
}
