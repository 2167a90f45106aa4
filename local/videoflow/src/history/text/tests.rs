use serde_json::json;

use super::{MAX_DOCUMENT_LINES, document, duration, message};

#[test]
fn durations_have_the_unit_that_fits() {
    let check = |ms: i64, expected: &str| assert_eq!(duration(ms), expected);
    check(0, "0.0 s");
    check(1_550, "1.5 s");
    check(75_000, "75 s");
    check(125_000, "2 min");
    check(7_300_000, "2 h");
    check(200_000_000, "2 d");
}

#[test]
fn a_function_is_quoted_without_its_wrapping() {
    let thrown = json!({"errorType": "SourceGone", "errorMessage": "version 1 is gone"});
    assert_eq!(document(message(&thrown)), "version 1 is gone");
    assert_eq!(document(message(&json!("by hand"))), "by hand");
}

#[test]
fn a_long_document_is_cut_and_says_so() {
    let long: Vec<u32> = (0..100).collect();
    let shown = document(&json!(long));
    assert_eq!(shown.lines().count(), MAX_DOCUMENT_LINES + 1);
    assert!(shown.ends_with("(--json shows all)"));
    let short: Vec<u32> = (0..10).collect();
    assert_eq!(document(&json!(short)), "[0,1,2,3,4,5,6,7,8,9]");
}
