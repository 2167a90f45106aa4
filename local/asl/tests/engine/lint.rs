//! Bad definitions, each with what is to be said of it; good ones, of which nothing is to be said.

use serde::Deserialize;
use serde_json::{Value, json};
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
    /// Severity, code and location of each.
    findings: Vec<(Value, String, String)>,
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
        let mut told: Vec<(Value, String, String)> = findings
            .iter()
            .map(|finding| {
                let object = serde_json::to_value(finding).expect("a finding is JSON");
                let severity = object["severity"].clone();
                (severity, finding.code.to_owned(), finding.location.clone())
            })
            .collect();
        told.sort_by_key(|(_, code, location)| (code.clone(), location.clone()));
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

/// Every place of a value, outermost first.
fn pointers(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    let escape = |key: &str| key.replace('~', "~0").replace('/', "~1");
    for (key, inner) in value.as_object().into_iter().flatten() {
        pointers(inner, &format!("{at}/{}", escape(key)), found);
    }
    for (index, inner) in value.as_array().into_iter().flatten().enumerate() {
        pointers(inner, &format!("{at}/{index}"), found);
    }
}

#[test]
fn nothing_in_any_place_stops_the_check() {
    let catalog = Catalog::new(SERVICES.to_owned());
    let options = Options {
        warnings: Warnings::House,
        catalog: Some(&catalog),
    };
    let cases: Vec<Case> = serde_json::from_str(DEFINITIONS).expect("a corpus");
    let others = [
        json!(null),
        json!(-1.5),
        json!("{% $é( %}"),
        json!([[]]),
        json!({ "": {} }),
    ];
    for definition in cases.into_iter().filter_map(|case| case.definition) {
        let mut places = Vec::new();
        pointers(&definition, "", &mut places);
        for (place, other) in places
            .iter()
            .flat_map(|place| others.iter().map(move |o| (place, o)))
        {
            let mut changed = definition.clone();
            *changed.pointer_mut(place).expect("a place") = other.clone();
            let text = changed.to_string();
            for finding in check(&text, &options) {
                let column = finding.column;
                assert!(
                    finding.line == 1 && (1..=text.len()).contains(&column),
                    "{text}: {finding:?}"
                );
            }
        }
    }
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
