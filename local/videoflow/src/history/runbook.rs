//! What the documentation says of an error.

use super::story::Runbook;

const ERRORS: &str = include_str!("../../../../docs/errors.md");
const OPERATIONS: &str = include_str!("../../../../docs/operations.md");
/// Pages, in the order in which they are looked through.
const PAGES: [(&str, &str); 2] = [
    ("docs/errors.md", ERRORS),
    ("docs/operations.md", OPERATIONS),
];

/// Begins the paragraph about errors that services name themselves.
const OF_SERVICES: &str = "Errors of the form `Service.NameException`";
/// Is in the paragraph about what was stopped.
const STOPPED: &str = "`aws stepfunctions stop-execution` stops";

/// The paragraph about an error: its row in a table, else the one about its kind.
pub fn look_up(error: &str) -> Option<Runbook> {
    let row = || find(|line| line.starts_with(&format!("| `{error}` |")));
    match error {
        "ABORTED" => find(|line| line.contains(STOPPED)),
        _ if error.ends_with("Exception") && error.contains('.') => {
            row().or_else(|| find(|line| line.starts_with(OF_SERVICES)))
        }
        _ => row(),
    }
}

/// The paragraph of the first line that is wanted.
fn find(is_wanted: impl Fn(&str) -> bool) -> Option<Runbook> {
    PAGES.iter().find_map(|(source, page)| {
        let lines: Vec<&str> = page.lines().collect();
        let at = lines.iter().position(|line| is_wanted(line))?;
        let (before, after) = lines.split_at_checked(at)?;
        let title = before.iter().rev().find_map(|line| heading(line))?;
        let line = after.first()?;
        let text = if line.starts_with('|') {
            row_text(before, line)
        } else {
            paragraph(before, after)
        };
        Some(Runbook {
            title: title.to_owned(),
            anchor: anchor(title),
            text,
            source,
        })
    })
}

fn heading(line: &str) -> Option<&str> {
    let title = line.trim_start_matches('#');
    (title.len() < line.len()).then(|| title.trim())
}

/// The whole paragraph around a line.
fn paragraph(before: &[&str], after: &[&str]) -> String {
    let mut lines: Vec<&str> = before
        .iter()
        .rev()
        .copied()
        .take_while(|line| !line.is_empty())
        .collect();
    lines.reverse();
    lines.extend(after.iter().copied().take_while(|line| !line.is_empty()));
    lines.join("\n")
}

/// A row of a table as sentences: what is in each column, after the column's name.
fn row_text(before: &[&str], row: &str) -> String {
    let header = before
        .iter()
        .rev()
        .take_while(|line| line.starts_with('|'))
        .last();
    let names = header.map(|header| cells(header)).unwrap_or_default();
    let values = cells(row);
    let columns = names.iter().zip(&values).skip(1);
    let lines: Vec<String> = columns
        .map(|(name, value)| format!("{name}: {value}"))
        .collect();
    let error = values.first().copied().unwrap_or_default();
    format!("{error}\n{}", lines.join("\n"))
}

fn cells(row: &str) -> Vec<&str> {
    row.trim_matches('|').split('|').map(str::trim).collect()
}

/// GitHub's anchor of a heading.
fn anchor(title: &str) -> String {
    let kept = |letter: &char| letter.is_alphanumeric() || matches!(letter, ' ' | '-' | '_');
    let letters = title.chars().filter(kept);
    letters
        .map(|letter| {
            if letter == ' ' {
                '-'
            } else {
                letter.to_ascii_lowercase()
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_lead_to_their_row_and_kinds_to_their_paragraph() {
        let check = |error: &str, title: &str, part: &str| {
            let found = look_up(error);
            let found = found.map(|found| (found.title, found.text.contains(part)));
            assert_eq!(found, Some((title.to_owned(), true)), "{error}");
        };
        check(
            "ProfileNotFound",
            "Errors of the functions",
            "What to do: Mend the object's metadata",
        );
        check(
            "MediaConvert.JobFailed",
            "Errors of the state machines",
            "What it means: The transcode",
        );
        check(
            "States.Timeout",
            "Errors of Step Functions and of AWS's services",
            "See what it waited for",
        );
        check(
            "DynamoDb.TransactionCanceledException",
            "Errors of Step Functions and of AWS's services",
            "tried again",
        );
        check("ABORTED", "Redrive a failed video", "can be redriven");
        assert_eq!(look_up("Unheard"), None);
    }

    #[test]
    fn anchors_are_those_of_github() {
        assert_eq!(
            anchor("Errors of AWS's services"),
            "errors-of-awss-services"
        );
    }
}
