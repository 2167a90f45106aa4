//! `videoflow completions`: what a shell needs to complete this program's arguments.

use std::io;
use std::process::ExitCode;

use clap::CommandFactory;
use clap_complete::Shell;

/// Prints the completions of a shell
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  videoflow completions bash > ~/.local/share/bash-completion/completions/videoflow
  videoflow completions zsh > \"${fpath[1]}/_videoflow\"       then begin a new shell
  videoflow completions fish > ~/.config/fish/completions/videoflow.fish
  videoflow completions elvish >> ~/.config/elvish/rc.elv
  videoflow completions powershell >> $PROFILE")]
pub struct Arguments {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

/// Carries out the command.
pub fn run(arguments: &Arguments) -> ExitCode {
    let mut command = crate::command_line::Arguments::command();
    let mut text = Vec::new();
    clap_complete::generate(arguments.shell, &mut command, "videoflow", &mut text);
    // Whoever closes the pipe has read enough.
    let _ = io::Write::write_all(&mut io::stdout(), &text);
    ExitCode::SUCCESS
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By clap's own rules: no two arguments of a command share a name.
    #[test]
    fn every_command_can_be_told_from_every_other() {
        crate::command_line::Arguments::command().debug_assert();
    }
}
