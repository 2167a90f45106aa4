//! Programs of functions: where they lie, and how those of the other processor family run here.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

use tokio::process::Command;

use crate::mortal;

/// Name of a function's program as Lambda knows it, in a folder of the function's name.
const BOOTSTRAP: &str = "bootstrap";

/// Where an ELF header says for which processors the program is, and what it says for the two that Lambda has.
const MACHINE: std::ops::Range<usize> = 18..20;
const MACHINES: [(&[u8], &str); 2] = [(&[0xb7, 0], "aarch64"), (&[0x3e, 0], "x86_64")];

/// The program of the function `name`: `folder/name` as cargo builds it, or `folder/name/bootstrap` as it is packaged.
pub fn binary(folder: &Path, name: &str) -> PathBuf {
    let packaged = folder.join(name).join(BOOTSTRAP);
    if packaged.is_file() {
        packaged
    } else {
        folder.join(name)
    }
}

/// A command that runs a function's program, which is killed with this process. One for other processors runs by QEMU.
///
/// # Errors
/// The program cannot be read, or is for other processors and there is no QEMU for them.
pub(super) fn command(binary: &Path) -> io::Result<Command> {
    let Some(machine) = machine(binary)?.filter(|machine| *machine != std::env::consts::ARCH)
    else {
        return mortal::command(binary);
    };
    let emulators = [format!("qemu-{machine}-static"), format!("qemu-{machine}")];
    let mut command = emulators
        .iter()
        .find_map(|emulator| mortal::command(emulator).ok())
        .ok_or_else(|| {
            let cure = "install qemu-user-static and the C library for it (libc6-arm64-cross or libc6-amd64-cross)";
            io::Error::new(ErrorKind::NotFound, format!("it is for {machine}: {cure}"))
        })?;
    // Debian's place for the libraries of other processors.
    command.arg("-L").arg(format!("/usr/{machine}-linux-gnu"));
    command.arg(binary);
    Ok(command)
}

/// For which processors a program is, if it is no script.
fn machine(binary: &Path) -> io::Result<Option<&'static str>> {
    let mut header = Vec::new();
    File::open(binary)?
        .take(MACHINE.end as u64)
        .read_to_end(&mut header)?;
    let machine = header
        .get(MACHINE)
        .filter(|_| header.starts_with(b"\x7fELF"));
    Ok(MACHINES
        .iter()
        .find(|(bytes, _)| Some(*bytes) == machine)
        .map(|(_, name)| *name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_processors_apart() -> anyhow::Result<()> {
        let folder = tempfile::tempdir()?;
        let check = |content: &[u8], expected: Option<&str>| -> anyhow::Result<()> {
            let program = folder.path().join("program");
            std::fs::write(&program, content)?;
            assert_eq!(machine(&program)?, expected, "{content:?}");
            Ok(())
        };
        let elf = |machine: u8| [b"\x7fELF".as_slice(), &[0; 14], &[machine, 0, 1]].concat();
        check(&elf(0xb7), Some("aarch64"))?;
        check(&elf(0x3e), Some("x86_64"))?;
        check(&elf(0x03), None)?;
        check(b"#!/bin/sh\nexec true\n\xb7\0", None)?;
        check(b"", None)?;
        let own = machine(&std::env::current_exe()?)?;
        assert_eq!(own, Some(std::env::consts::ARCH));
        Ok(())
    }

    #[test]
    fn finds_programs_built_and_packaged() -> anyhow::Result<()> {
        let folder = tempfile::tempdir()?;
        let folder = folder.path();
        assert_eq!(binary(folder, "a"), folder.join("a"));
        std::fs::create_dir(folder.join("a"))?;
        std::fs::write(folder.join("a/bootstrap"), "")?;
        assert_eq!(binary(folder, "a"), folder.join("a/bootstrap"));
        Ok(())
    }
}
