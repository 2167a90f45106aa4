//! Boxes of MP4 files (ISO/IEC 14496-12) as far as they say what is in a file and where.

/// A box's beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// Its name.
    pub kind: [u8; 4],
    /// Bytes before its content.
    pub length: u64,
    /// Bytes of the whole box.
    pub size: u64,
}

/// Bytes that are enough to read any header.
pub const HEADER_BYTES: u64 = 16;

/// The header at the beginning of `bytes`, of a box that may be `rest` bytes long; `None` when there is none.
pub fn header(bytes: &[u8], rest: u64) -> Option<Header> {
    let kind: [u8; 4] = bytes.get(4..8)?.try_into().ok()?;
    let (length, size) = match number(bytes, 0, 4)? {
        // To the end of the file.
        0 => (8, rest),
        1 => (16, number(bytes, 8, 8)?),
        size => (8, size),
    };
    (size >= length).then_some(Header { kind, length, size })
}

/// The boxes side by side in `bytes`; stops at what is none.
pub fn children(bytes: &[u8]) -> impl Iterator<Item = ([u8; 4], &[u8])> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let header = header(rest, rest.len() as u64)?;
        let (length, size) = (at(header.length)?, at(header.size)?);
        let content = rest.get(length..size)?;
        rest = rest.get(size..)?;
        Some((header.kind, content))
    })
}

/// Content of the box at the end of a path of names.
pub fn find<'a>(bytes: &'a [u8], path: &[&[u8; 4]]) -> Option<&'a [u8]> {
    let Some((first, others)) = path.split_first() else {
        return Some(bytes);
    };
    let (_, content) = children(bytes).find(|(kind, _)| kind == *first)?;
    find(content, others)
}

/// The big-endian number of `width` (1 to 8) bytes at `offset`.
pub fn number(bytes: &[u8], offset: usize, width: usize) -> Option<u64> {
    let digits = bytes.get(offset..offset.checked_add(width)?)?;
    Some(
        digits
            .iter()
            .fold(0, |sum, byte| sum << 8 | u64::from(*byte)),
    )
}

/// An offset as an index.
pub fn at(offset: u64) -> Option<usize> {
    usize::try_from(offset).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: &[u8], expected: Option<(u64, u64)>) {
        let header = header(bytes, 99);
        assert_eq!(header.map(|one| (one.length, one.size)), expected);
    }

    #[test]
    fn reads_headers() {
        check(b"\0\0\0\x10mdat", Some((8, 16)));
        check(b"\0\0\0\x00mdat", Some((8, 99)));
        check(
            b"\0\0\0\x01mdat\0\0\0\x01\0\0\0\0",
            Some((16, 4_294_967_296)),
        );
        check(b"\0\0\0\x07mdat", None);
        check(b"\0\0\0\x01mdat\0\0", None);
        check(b"\0\0\0\x10mda", None);
    }

    #[test]
    fn finds_boxes_within_boxes() {
        let inner = b"\0\0\0\x09abcd!";
        let outer = [b"\0\0\0\x08free\0\0\0\x11moov".as_slice(), inner].concat();
        assert_eq!(find(&outer, &[b"moov", b"abcd"]), Some(b"!".as_slice()));
        assert_eq!(find(&outer, &[b"moov", b"free"]), None);
        // A box that is longer than what holds it is none.
        assert_eq!(children(b"\0\0\0\x10mdat").count(), 0);
    }
}
