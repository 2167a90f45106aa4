//! The Query protocol, which SNS, STS and older clients of CloudWatch speak: a form in, XML out.

use std::fmt::Write;

use axum::body::Body;
use http::{Response, StatusCode};
use quick_xml::escape::escape;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::{response, status};
use crate::service::Failure;

/// Fields of a form. The longest request of SNS, a batch of ten messages with ten attributes each, has some 300.
const MAX_FIELDS: usize = 1000;

/// Name of answers' members whose value is a map.
const MAP: &str = "Attributes";

/// Members of members of a field's name.
const MAX_DEPTH: usize = 8;

/// Operation and parameters of a request, or why it cannot be read.
pub(super) fn parameters(body: &[u8]) -> Result<(String, Value), String> {
    let fields: Vec<(String, String)> =
        serde_urlencoded::from_bytes(body).map_err(|error| error.to_string())?;
    if fields.len() > MAX_FIELDS {
        return Err(format!("more than {MAX_FIELDS} fields"));
    }
    let mut operation = None;
    let mut tree = Map::new();
    for (name, value) in fields {
        match name.as_str() {
            "Action" => operation = Some(value),
            "Version" => {}
            _ => {
                let path: Vec<&str> = name.split('.').collect();
                if path.len() > MAX_DEPTH {
                    return Err(format!("{name} is nested deeper than {MAX_DEPTH} levels"));
                }
                insert(&mut tree, &path, value);
            }
        }
    }
    let operation = operation.ok_or_else(|| "the form has no Action".to_owned())?;
    Ok((
        operation,
        Value::Object(
            tree.into_iter()
                .map(|(name, value)| (name, folded(value)))
                .collect(),
        ),
    ))
}

fn insert(tree: &mut Map<String, Value>, path: &[&str], value: String) {
    match path {
        [] => {}
        [name] => {
            tree.insert((*name).to_owned(), Value::String(value));
        }
        [name, rest @ ..] => {
            let child = tree
                .entry(*name)
                .or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(child) = child {
                insert(child, rest, value);
            }
        }
    }
}

/// `{"member": {"1": a}}` is a list, `{"entry": {"1": {"key": k, "value": v}}}` a map (also `Name` and `Value`).
fn folded(value: Value) -> Value {
    let Value::Object(mut members) = value else {
        return value;
    };
    if let (1, Some(Value::Object(list))) = (members.len(), members.get_mut("member")) {
        return std::mem::take(list)
            .into_iter()
            .map(|(_, value)| folded(value))
            .collect();
    }
    if let (1, Some(Value::Object(entries))) = (members.len(), members.get_mut("entry")) {
        let entries = std::mem::take(entries)
            .into_iter()
            .filter_map(|(_, entry)| {
                let Value::Object(mut entry) = entry else {
                    return None;
                };
                let key = entry.remove("key").or_else(|| entry.remove("Name"))?;
                let value = entry.remove("value").or_else(|| entry.remove("Value"))?;
                Some((key.as_str()?.to_owned(), folded(value)))
            });
        return Value::Object(entries.collect());
    }
    Value::Object(
        members
            .into_iter()
            .map(|(name, value)| (name, folded(value)))
            .collect(),
    )
}

/// Namespace of a service's answers.
fn namespace(service: &str) -> &'static str {
    match service {
        "monitoring" => "http://monitoring.amazonaws.com/doc/2010-08-01/",
        "sts" => "https://sts.amazonaws.com/doc/2011-06-15/",
        _ => "http://sns.amazonaws.com/doc/2010-03-31/",
    }
}

pub(super) fn answer(service: &str, operation: &str, answer: &Value) -> Response<Body> {
    let namespace = namespace(service);
    let mut xml = format!("<{operation}Response xmlns=\"{namespace}\"><{operation}Result>");
    write_members(&mut xml, answer);
    // Writing into a String cannot fail.
    let _ = write!(
        xml,
        "</{operation}Result><ResponseMetadata><RequestId>{}</RequestId></ResponseMetadata></{operation}Response>",
        Uuid::new_v4()
    );
    response(StatusCode::OK, "text/xml", xml.into_bytes())
}

/// In this protocol the codes have no ending: `NotFound`, `InvalidParameter`.
pub(super) fn query_code(code: &str) -> &str {
    let short = ["Exception", "Fault"]
        .iter()
        .find_map(|end| code.strip_suffix(end));
    short.unwrap_or(code)
}

pub(super) fn failure(service: &str, failure: &Failure) -> Response<Body> {
    let code = query_code(&failure.error.code);
    let fault = if failure.error.status < 500 {
        "Sender"
    } else {
        "Receiver"
    };
    let xml = format!(
        "<ErrorResponse xmlns=\"{}\"><Error><Type>{fault}</Type><Code>{}</Code><Message>{}</Message></Error>\
         <RequestId>{}</RequestId></ErrorResponse>",
        namespace(service),
        escape(code),
        escape(failure.error.message.as_str()),
        Uuid::new_v4()
    );
    response(status(failure), "text/xml", xml.into_bytes())
}

fn write_entries(xml: &mut String, entries: &Map<String, Value>) {
    for (key, value) in entries {
        let _ = write!(xml, "<entry><key>{}</key><value>", escape(key.as_str()));
        write_members(xml, value);
        xml.push_str("</value></entry>");
    }
}

fn write_members(xml: &mut String, value: &Value) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                let _ = write!(xml, "<{name}>");
                match value {
                    Value::Object(entries) if name == MAP => write_entries(xml, entries),
                    value => write_members(xml, value),
                }
                let _ = write!(xml, "</{name}>");
            }
        }
        Value::Array(values) => {
            for value in values {
                xml.push_str("<member>");
                write_members(xml, value);
                xml.push_str("</member>");
            }
        }
        Value::String(text) => xml.push_str(&escape(text.as_str())),
        Value::Null => {}
        other => {
            let _ = write!(xml, "{other}");
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn reads_forms() {
        let form = "Action=Publish&Version=2010-03-31&TopicArn=arn%3At&Message=a+b%0A\
            &MessageAttributes.entry.1.Name=kind&MessageAttributes.entry.1.Value.DataType=String\
            &Tags.member.1.Key=k&Tags.member.2.Key=l";
        let expected = json!({
            "TopicArn": "arn:t",
            "Message": "a b\n",
            "MessageAttributes": {"kind": {"DataType": "String"}},
            "Tags": [{"Key": "k"}, {"Key": "l"}],
        });
        assert_eq!(
            parameters(form.as_bytes()),
            Ok(("Publish".to_owned(), expected))
        );
        assert!(parameters(b"Message=a").is_err());
        assert!(parameters(b"Action=A&a.b.c.d.e.f.g.h.i=1").is_err());
    }

    #[test]
    fn writes_escaped_xml() {
        let mut xml = String::new();
        write_members(
            &mut xml,
            &json!({"Topics": [{"TopicArn": "a&b"}], "Count": 2}),
        );
        assert_eq!(
            xml,
            "<Topics><member><TopicArn>a&amp;b</TopicArn></member></Topics><Count>2</Count>"
        );
    }
}
