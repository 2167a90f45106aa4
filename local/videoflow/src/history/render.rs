//! The tree as text and as JSON.

use std::fmt::Write;

use serde_json::{Value, json};

use super::tree::{FailedState, Node};

/// Characters of an input, output or cause that the text shows; the JSON form has all.
const MAX_DOCUMENT_CHARACTERS: usize = 2000;

/// The tree for a person: one line an execution, and below each one that failed its failed state.
pub fn text(root: &Node) -> String {
    let mut text = String::new();
    write_node(&mut text, root, "", "");
    text
}

fn write_node(text: &mut String, node: &Node, first: &str, rest: &str) {
    let description = &node.execution.description;
    let state = node
        .state
        .as_ref()
        .map(|state| format!("{state} → "))
        .unwrap_or_default();
    let machine = machine(node);
    let elapsed = description
        .stop_date
        .map(|stop| format!("  {:.1} s", stop - description.start_date));
    let elapsed = elapsed.unwrap_or_default();
    // Writing to a String cannot fail.
    let _ = writeln!(
        text,
        "{first}{state}{machine}  {}{elapsed}  ({})",
        description.status, description.name
    );
    let own = if node.children.is_empty() {
        format!("{rest}     ")
    } else {
        format!("{rest}│    ")
    };
    if let Some(failed) = &node.failed {
        write_failed(text, failed, node, &own);
    }
    for (index, child) in node.children.iter().enumerate() {
        let is_last = index + 1 == node.children.len();
        let (branch, below) = if is_last {
            ("└─ ", "   ")
        } else {
            ("├─ ", "│  ")
        };
        write_node(
            text,
            child,
            &format!("{rest}{branch}"),
            &format!("{rest}{below}"),
        );
    }
}

fn write_failed(text: &mut String, failed: &FailedState, node: &Node, indent: &str) {
    let (error, cause) = error_and_cause(failed, node);
    let _ = writeln!(text, "{indent}failed in {}", failed.name);
    let _ = writeln!(text, "{indent}  error   {error}");
    let cause = if has_failed_child(node) {
        "see the execution below".to_owned()
    } else {
        document(cause, indent)
    };
    let _ = writeln!(text, "{indent}  cause   {cause}");
    let _ = writeln!(
        text,
        "{indent}  input   {}",
        document(&failed.input, indent)
    );
    let output = failed
        .output
        .as_deref()
        .map_or_else(|| "none".to_owned(), |output| document(output, indent));
    let _ = writeln!(text, "{indent}  output  {output}");
}

fn error_and_cause<'a>(failed: &'a FailedState, node: &'a Node) -> (&'a str, &'a str) {
    let description = &node.execution.description;
    if failed.error.is_empty() {
        (
            description.error.as_deref().unwrap_or("-"),
            description.cause.as_deref().unwrap_or("-"),
        )
    } else {
        (&failed.error, &failed.cause)
    }
}

/// The failed state's own child failed: its cause repeats what the child shows.
fn has_failed_child(node: &Node) -> bool {
    let Some(failed) = &node.failed else {
        return false;
    };
    node.children
        .iter()
        .any(|child| child.failed.is_some() && child.state.as_ref() == Some(&failed.name))
}

/// A document on one line, or pretty if that is longer than a line.
fn document(text: &str, indent: &str) -> String {
    let pretty = match serde_json::from_str::<Value>(text) {
        Ok(value) if text.len() > 100 => {
            serde_json::to_string_pretty(&value).unwrap_or_else(|_| text.to_owned())
        }
        _ => text.to_owned(),
    };
    let mut shown: String = pretty.chars().take(MAX_DOCUMENT_CHARACTERS).collect();
    if pretty.chars().count() > MAX_DOCUMENT_CHARACTERS {
        shown.push_str("… (--json shows all)");
    }
    shown.replace('\n', &format!("\n{indent}          "))
}

fn machine(node: &Node) -> &str {
    let arn = &node.execution.description.state_machine_arn;
    let name = arn.rsplit(':').next().unwrap_or(arn);
    // `videoflow-<environment>-<machine>`: every environment is called alike.
    name.strip_prefix("videoflow-")
        .and_then(|rest| rest.split_once('-'))
        .map_or(name, |(_, machine)| machine)
}

/// The tree as one JSON document.
pub fn json(node: &Node) -> Value {
    let description = &node.execution.description;
    let failed = node.failed.as_ref().map(|failed| {
        let (error, cause) = error_and_cause(failed, node);
        json!({
            "state": failed.name,
            "input": parsed(&failed.input),
            "output": failed.output.as_deref().map(parsed),
            "error": error,
            "cause": parsed(cause),
        })
    });
    json!({
        "machine": machine(node),
        "startedBy": node.state,
        "name": description.name,
        "executionArn": description.execution_arn,
        "status": description.status,
        "startDate": description.start_date,
        "stopDate": description.stop_date,
        "error": description.error,
        "failed": failed,
        "children": node.children.iter().map(json).collect::<Vec<_>>(),
    })
}

/// JSON text as its value, any other text as it is.
fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| Value::from(text))
}

#[cfg(test)]
mod tests {
    use videoflow_platform::step_functions::Description;

    use super::*;
    use crate::history::Execution;

    fn node(machine: &str, status: &str, state: Option<&str>, children: Vec<Node>) -> Node {
        let failed = (status == "FAILED").then(|| FailedState {
            name: "Work".into(),
            input: "{\"jobId\":\"v-1\"}".into(),
            output: None,
            error: "InvalidInput".into(),
            cause: "no such field".into(),
        });
        let description = Description {
            execution_arn: format!("arn:{machine}"),
            state_machine_arn: format!(
                "arn:aws:states:us-east-1:0:stateMachine:videoflow-local-{machine}"
            ),
            state_machine_version_arn: None,
            state_machine_alias_arn: None,
            name: "v-1".into(),
            status: status.into(),
            start_date: 1.0,
            stop_date: Some(2.5),
            input: "{}".into(),
            output: None,
            error: None,
            cause: None,
            redrive_count: 0,
            redrive_date: None,
            redrive_status: "REDRIVABLE".into(),
            redrive_status_reason: None,
            map_run_arn: None,
        };
        Node {
            state: state.map(str::to_owned),
            execution: Execution {
                description,
                events: Vec::new(),
            },
            failed,
            children,
        }
    }

    fn tree() -> Node {
        let children = vec![
            node("sanitize-file", "SUCCEEDED", Some("Sanitize"), vec![]),
            node("preprocess-video", "FAILED", Some("Work"), vec![]),
        ];
        node("process-video", "FAILED", None, children)
    }

    #[test]
    fn shows_the_chain_down_to_the_failed_state() {
        let expected = "\
process-video  FAILED  1.5 s  (v-1)
│    failed in Work
│      error   InvalidInput
│      cause   see the execution below
│      input   {\"jobId\":\"v-1\"}
│      output  none
├─ Sanitize → sanitize-file  SUCCEEDED  1.5 s  (v-1)
└─ Work → preprocess-video  FAILED  1.5 s  (v-1)
        failed in Work
          error   InvalidInput
          cause   no such field
          input   {\"jobId\":\"v-1\"}
          output  none
";
        assert_eq!(text(&tree()), expected);
    }

    #[test]
    fn json_has_documents_as_values() {
        let tree = json(&tree());
        assert_eq!(
            tree["children"][1]["failed"]["input"],
            json!({"jobId": "v-1"})
        );
        assert_eq!(tree["children"][0]["failed"], Value::Null);
    }
}
