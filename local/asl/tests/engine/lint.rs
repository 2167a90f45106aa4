//! Bad definitions, each with what is to be said of it; good ones, of which nothing is to be said.

use serde::Deserialize;
use serde_json::Value;
use videoflow_asl::lint::aws::Catalog;
use videoflow_asl::lint::{Finding, Options, Warnings, check};

const DEFINITIONS: &str = include_str!("lint/definitions.json");
const HOUSE: &str = include_str!("lint/house.json");
/// A part of AWS's API models, as `local/models` writes them.
const SERVICES: &str = include_str!("lint/services.jsonl");

#[derive(Deserialize)]
struct Case {
    rule: String,
    definition: Option<Value>,
    /// Where it cannot be written as JSON.
    text: Option<String>,
    /// Code and location of each.
    findings: Vec<(String, String)>,
}

fn found(text: &str, warnings: Warnings) -> Vec<Finding> {
    let catalog = Catalog::new(SERVICES.to_owned());
    let catalog = Some(&catalog);
    check(text, &Options { warnings, catalog })
}

fn check_corpus(corpus: &str, warnings: Warnings) {
    let cases: Vec<Case> = serde_json::from_str(corpus).expect("a corpus");
    for case in cases {
        let definition = case.definition.map(|value| format!("{value:#}"));
        let text = case.text.or(definition).expect("a definition");
        let findings = found(&text, warnings);
        let mut told: Vec<(String, String)> = findings
            .iter()
            .map(|finding| (finding.code.to_owned(), finding.location.clone()))
            .collect();
        told.sort();
        assert_eq!(told, case.findings, "{}: {findings:#?}", case.rule);
        for finding in findings {
            assert!(
                finding.line > 0 && finding.message.ends_with(['.', '?']),
                "{finding:?}"
            );
        }
    }
}

#[test]
fn every_bad_definition_is_told_of() {
    check_corpus(DEFINITIONS, Warnings::Likely);
}

#[test]
fn every_departure_from_the_house_rules_is_told_of() {
    check_corpus(HOUSE, Warnings::House);
}

#[test]
fn house_rules_and_warnings_can_be_left_out() {
    let text = r#"{"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "A"}}}"#;
    let codes = |warnings| -> Vec<&str> {
        let findings = found(text, warnings);
        findings.iter().map(|finding| finding.code).collect()
    };
    assert_eq!(codes(Warnings::None), [""; 0]);
    assert_eq!(codes(Warnings::Likely), ["NO_END"]);
    assert!(codes(Warnings::House).len() > 2);
}

#[test]
fn a_finding_stands_at_the_flaw_within_an_expression() {
    let text = "{\"QueryLanguage\": \"JSONata\", \"StartAt\": \"A\", \"States\": {\n  \"A\": {\"Type\": \"Pass\", \"End\": true,\n    \"Output\": \"{% \\\"é\\\" & $sum(1 + ) %}\"}}}";
    let findings = found(text, Warnings::None);
    let places: Vec<(usize, usize)> = findings
        .iter()
        .map(|finding| (finding.line, finding.column))
        .collect();
    assert_eq!(places, [(3, 36)], "{findings:#?}");
    assert_eq!(findings[0].state.as_deref(), Some("A"));
}
