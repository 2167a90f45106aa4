//! Answers of the HTTP API against its description, functions/jobs-api/openapi.json.

use std::sync::LazyLock;

use serde_json::{Value, json};

/// The description.
pub static DESCRIPTION: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(jobs_api::description()).expect("JSON"));

/// An answer.
#[derive(Debug)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub text: String,
}

impl Answer {
    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(of, _)| of == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The body as JSON; null where it is none.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_default()
    }
}

/// Fails the test if an answer is none that the description has. What fits no route is not described.
#[track_caller]
pub fn check(method: &str, target: &str, answer: &Answer) {
    let path = target.split('?').next().unwrap_or_default();
    let paths = DESCRIPTION["paths"].as_object().expect("paths");
    let fits = |route: &str| {
        let (route, path) = (route.split('/'), path.split('/'));
        route.clone().count() == path.clone().count()
            && route
                .zip(path)
                .all(|(wanted, found)| wanted == found || wanted == "{jobId}")
    };
    let route = paths.iter().find(|(route, _)| fits(route));
    let operation = route.and_then(|(_, item)| item.get(method.to_lowercase()));
    let Some(operation) = operation else {
        assert!(
            matches!(answer.status, 404 | 405),
            "{method} {target}: {answer:?}"
        );
        return check_body(
            "application/problem+json",
            &json!({"$ref": "#/components/schemas/Problem"}),
            answer,
        );
    };
    let response = &operation["responses"][answer.status.to_string()];
    assert!(
        !response.is_null(),
        "{method} {target}: {} is not described",
        answer.status
    );
    let response = resolved(response);
    let kind = answer.header("content-type").unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default();
    let content = &response["content"][kind];
    assert!(
        !content.is_null(),
        "{method} {target}: {kind} is not described: {answer:?}"
    );
    check_body(kind, &content["schema"], answer);
}

fn check_body(kind: &str, schema: &Value, answer: &Answer) {
    if !kind.ends_with("json") {
        return;
    }
    // References begin at the root.
    let mut whole = schema.clone();
    whole["components"] = DESCRIPTION["components"].clone();
    let validator = jsonschema::validator_for(&whole).expect("a schema");
    let body = answer.json();
    let errors: Vec<String> = validator
        .iter_errors(&body)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{errors:?}: {answer:?}");
}

fn resolved(response: &Value) -> &Value {
    let Some(reference) = response["$ref"].as_str() else {
        return response;
    };
    DESCRIPTION
        .pointer(reference.trim_start_matches('#'))
        .expect("what is referred to")
}
