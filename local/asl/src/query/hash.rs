//! Digests for `$hash` and `States.Hash`.

use sha2::Digest;

/// Lower-case hex digest of the text's UTF-8, or None for an algorithm that Step Functions lacks.
pub(crate) fn digest(text: &str, algorithm: &str) -> Option<String> {
    Some(match algorithm {
        "MD5" => format!("{:x}", md5::compute(text)),
        "SHA-1" => sha1_smol::Sha1::from(text).digest().to_string(),
        "SHA-256" => hex(&sha2::Sha256::digest(text)),
        "SHA-384" => hex(&sha2::Sha384::digest(text)),
        "SHA-512" => hex(&sha2::Sha512::digest(text)),
        _ => return None,
    })
}

fn hex(bytes: &[u8]) -> String {
    let digit = |half: u8| char::from_digit(u32::from(half), 16).unwrap_or_default();
    bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 0xF)])
        .collect()
}
