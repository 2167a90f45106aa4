use super::duration;

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
