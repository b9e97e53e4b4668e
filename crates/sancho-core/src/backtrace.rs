//! The `error_backtrace` member: lines as JSON, compressed by zlib, in base64.

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::value::RawValue;

/// Bytes that a backtrace may inflate to: a hostile one must not fill the memory.
const INFLATED_BYTES_MAX: usize = 1024 * 1024;

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Writes lines as the text of the member (RFC 1950, then strict base64), as Sidekiq 6.0.1 and later read it.
pub(crate) fn write(lines: &[&str]) -> String {
    let json = serde_json::to_vec(lines).expect("strings are JSON");
    BASE64.encode(miniz_oxide::deflate::compress_to_vec_zlib(&json, 6))
}

/// Reads the member: the compressed form, or the plain array of Sidekiq up to 6.0.0; empty when it is neither.
pub(crate) fn read(raw: &RawValue) -> Vec<String> {
    if let Ok(lines) = serde_json::from_str(raw.get()) {
        return lines;
    }
    inflate(raw).unwrap_or_default()
}

fn inflate(raw: &RawValue) -> Option<Vec<String>> {
    let mut text: String = serde_json::from_str(raw.get()).ok()?;
    text.retain(|c| !c.is_ascii_whitespace());
    let bytes = BASE64.decode(text).ok()?;
    let json = miniz_oxide::inflate::decompress_to_vec_zlib_with_limit(&bytes, INFLATED_BYTES_MAX).ok()?;
    serde_json::from_slice(&json).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_old_and_broken_ones_do_no_harm() {
        let lines = ["a.rs:1", "é"];
        let raw = |value: &str| RawValue::from_string(value.to_owned()).expect("JSON");
        let text = write(&lines);
        assert!(text.starts_with("eJ"), "a zlib header: {text}");
        assert_eq!(read(&raw(&format!("\"{text}\""))), lines);
        assert_eq!(read(&raw(r#"["a.rs:1","é"]"#)), lines);
        assert!(read(&raw("\"not base64 !\"")).is_empty());
        assert!(read(&raw("7")).is_empty());
    }
}
