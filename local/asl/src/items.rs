//! The items in a file that a Distributed Map's `ItemReader` names. The driver reads the file
//! ([`crate::effect::Effect::ReadItems`]); these functions take it apart.
//! <https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html>

use serde_json::{Map, Value};

/// Why a file's items cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The file is no JSON, or a line of it is none.
    #[error("The file is not valid {0}.")]
    Malformed(&'static str),
    /// The JSON is no array.
    #[error("Attempting to map over non-iterable node.")]
    NoArray,
    /// A header comes twice.
    #[error("CSV headers cannot contain duplicates.")]
    DuplicateHeader,
    /// Another type than JSON, JSONL and CSV.
    #[error("The InputType {0} cannot be read here.")]
    UnknownType(String),
}

/// The items of a file, as `ReaderConfig` says: `InputType`, `CSVHeaderLocation`, `CSVHeaders`, `CSVDelimiter`,
/// `ItemsPointer`, `MaxItems`.
///
/// # Errors
/// [`Error`]; a Map fails by them as `States.ItemReaderFailed`.
pub fn read(file: &str, config: &Value) -> Result<Vec<Value>, Error> {
    let word = |key: &str| config.get(key).and_then(Value::as_str);
    let mut items = match word("InputType") {
        Some("CSV") => csv(file, config)?,
        Some("JSONL") => json_lines(file)?,
        None | Some("JSON") => json(file, word("ItemsPointer").unwrap_or_default())?,
        Some(other) => return Err(Error::UnknownType(other.to_owned())),
    };
    items.truncate(limit(config));
    Ok(items)
}

/// How many items `MaxItems` lets through; 0 is no limit.
pub fn limit(config: &Value) -> usize {
    let limit = config.get("MaxItems").and_then(Value::as_u64);
    let limit = limit.and_then(|limit| usize::try_from(limit).ok());
    limit.filter(|limit| *limit > 0).unwrap_or(usize::MAX)
}

fn json(file: &str, pointer: &str) -> Result<Vec<Value>, Error> {
    let mut document: Value = serde_json::from_str(file).map_err(|_| Error::Malformed("JSON"))?;
    match document.pointer_mut(pointer).map(Value::take) {
        Some(Value::Array(items)) => Ok(items),
        _ => Err(Error::NoArray),
    }
}

fn json_lines(file: &str) -> Result<Vec<Value>, Error> {
    let lines = file.lines().filter(|line| !line.trim().is_empty());
    lines
        .map(|line| serde_json::from_str(line).map_err(|_| Error::Malformed("JSONL")))
        .collect()
}

/// Each row is an object of texts; columns without a header are left out, missing ones are empty.
fn csv(file: &str, config: &Value) -> Result<Vec<Value>, Error> {
    let mut rows = rows(file, delimiter(config)).into_iter();
    let given = config.get("CSVHeaders").and_then(Value::as_array);
    let headers: Vec<String> = match given {
        Some(given) => given
            .iter()
            .map(|header| header.as_str().unwrap_or_default().to_owned())
            .collect(),
        None => rows.next().unwrap_or_default(),
    };
    let is_repeated = |(index, header)| headers.iter().skip(index + 1).any(|next| next == header);
    if headers.iter().enumerate().any(is_repeated) {
        return Err(Error::DuplicateHeader);
    }
    let item = |row: Vec<String>| {
        let mut cells = row.into_iter();
        let member = |header: &String| {
            let cell = cells.next().unwrap_or_default();
            (header.clone(), Value::from(cell))
        };
        Value::Object(headers.iter().map(member).collect::<Map<_, _>>())
    };
    Ok(rows.map(item).collect())
}

fn delimiter(config: &Value) -> char {
    match config.get("CSVDelimiter").and_then(Value::as_str) {
        Some("PIPE") => '|',
        Some("SEMICOLON") => ';',
        Some("SPACE") => ' ',
        Some("TAB") => '\t',
        _ => ',',
    }
}

/// Rows of RFC 4180; empty ones are left out.
fn rows(file: &str, delimiter: char) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut cell) = (Vec::new(), Vec::new(), String::new());
    let mut is_quoted = false;
    let mut characters = file.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '"' if is_quoted && characters.next_if_eq(&'"').is_some() => cell.push('"'),
            '"' if is_quoted => is_quoted = false,
            c if is_quoted => cell.push(c),
            '"' if cell.is_empty() => is_quoted = true,
            '\r' if characters.peek() == Some(&'\n') => {}
            '\n' => end_row(&mut rows, &mut row, &mut cell),
            c if c == delimiter => row.push(std::mem::take(&mut cell)),
            c => cell.push(c),
        }
    }
    end_row(&mut rows, &mut row, &mut cell);
    rows
}

fn end_row(rows: &mut Vec<Vec<String>>, row: &mut Vec<String>, cell: &mut String) {
    if row.is_empty() && cell.is_empty() {
        return;
    }
    row.push(std::mem::take(cell));
    rows.push(std::mem::take(row));
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[expect(
        clippy::needless_pass_by_value,
        reason = "cases are handed over as they are written"
    )]
    fn check(file: &str, config: Value, expected: Result<Value, Error>) {
        let items = read(file, &config).map(Value::Array);
        assert_eq!(items, expected, "{file:?} {config}");
    }

    #[test]
    fn json_is_an_array_or_has_one() {
        check(
            "[1, {}]",
            json!({ "InputType": "JSON" }),
            Ok(json!([1, {}])),
        );
        check(
            "[1, 2, 3]",
            json!({ "InputType": "JSON", "MaxItems": 2 }),
            Ok(json!([1, 2])),
        );
        check(
            "[1, 2]",
            json!({ "InputType": "JSON", "MaxItems": 0 }),
            Ok(json!([1, 2])),
        );
        let pointed = json!({ "InputType": "JSON", "ItemsPointer": "/a/b" });
        check("{\"a\": {\"b\": [7]}}", pointed, Ok(json!([7])));
        check(
            "{\"a\": 1}",
            json!({ "InputType": "JSON" }),
            Err(Error::NoArray),
        );
        check(
            "[1,",
            json!({ "InputType": "JSON" }),
            Err(Error::Malformed("JSON")),
        );
        let parquet = Error::UnknownType("PARQUET".to_owned());
        check("", json!({ "InputType": "PARQUET" }), Err(parquet));
    }

    #[test]
    fn each_line_of_json_lines_is_an_item() {
        let config = json!({ "InputType": "JSONL" });
        check(
            "1\n\n{\"a\":2}\n",
            config.clone(),
            Ok(json!([1, { "a": 2 }])),
        );
        check("1\n{", config, Err(Error::Malformed("JSONL")));
    }

    #[test]
    fn rows_are_objects_by_their_headers() {
        let first = json!({ "InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW" });
        check(
            "A,B\r\n1,true\n\n,,,\nx\n",
            first.clone(),
            Ok(json!([{ "A": "1", "B": "true" }, { "A": "", "B": "" }, { "A": "x", "B": "" }])),
        );
        check(
            "A,B\n\"a, \"\"b\"\"\",\"two\nlines\"",
            first.clone(),
            Ok(json!([{ "A": "a, \"b\"", "B": "two\nlines" }])),
        );
        check("A,A\n1,2", first.clone(), Err(Error::DuplicateHeader));
        check("", first, Ok(json!([])));
        let given = json!({ "InputType": "CSV", "CSVHeaderLocation": "GIVEN", "CSVHeaders": ["A"], "CSVDelimiter": "PIPE", "MaxItems": 1 });
        check("1|2\n3|4", given, Ok(json!([{ "A": "1" }])));
    }
}
