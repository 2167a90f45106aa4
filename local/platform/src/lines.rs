//! Files of lines that are only ever added to.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

/// Opens such a file to add to it, without a last line that a killed process did not finish.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().create(true).append(true).open(path)?;
    let bytes = fs::read(path)?;
    let whole = whole(&bytes).len();
    if whole < bytes.len() {
        file.set_len(u64::try_from(whole).map_err(io::Error::other)?)?;
    }
    Ok(file)
}

/// Adds whole lines to such a file, or nothing: what a full disk lets in of them goes again.
pub(crate) fn append(file: &mut File, lines: &[u8]) -> io::Result<()> {
    let length = file.metadata()?.len();
    file.write_all(lines).or_else(|error| {
        file.set_len(length)?;
        Err(error)
    })
}

/// The bytes up to the end of the last line that ends.
pub(crate) fn whole(bytes: &[u8]) -> &[u8] {
    let last = bytes.iter().rposition(|byte| *byte == b'\n');
    last.and_then(|last| bytes.get(..=last)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_was_cut_off_goes() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("lines");
        let check = |before: &str, expected: &str| -> io::Result<()> {
            fs::write(&path, before)?;
            open(&path)?.write_all(b"c\n")?;
            assert_eq!(fs::read_to_string(&path)?, expected);
            Ok(())
        };
        check("", "c\n")?;
        check("a", "c\n")?;
        check("a\n", "a\nc\n")?;
        check("a\nb", "a\nc\n")
    }
}
