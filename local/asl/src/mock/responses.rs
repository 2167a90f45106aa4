//! What a mocked state answers, attempt by attempt.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::Error;
use crate::simulation::Answer;

/// Most attempts of a response.
const MAX_ATTEMPTS: usize = 100_000;

/// The answers of the attempts, from 0 on.
#[derive(Debug)]
pub(super) struct Responses(Vec<(usize, Written)>);

/// An answer as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Written {
    #[serde(default, rename = "Return", deserialize_with = "super::present")]
    output: Option<Value>,
    throw: Option<Throw>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Throw {
    #[serde(default)]
    error: String,
    #[serde(default)]
    cause: String,
}

impl Responses {
    /// Reads the attempts of the response `name`.
    pub(super) fn parse(name: &str, written: BTreeMap<String, Written>) -> Result<Self, Error> {
        let mut ranges = Vec::with_capacity(written.len());
        for (attempt, written) in written {
            if written.output.is_some() == written.throw.is_some() {
                let response = name.to_owned();
                return Err(Error::ReturnOrThrow { response, attempt });
            }
            let Some((first, last)) = range(&attempt) else {
                let response = name.to_owned();
                return Err(Error::Attempt { response, attempt });
            };
            ranges.push((first, last, written));
        }
        ranges.sort_by_key(|(first, ..)| *first);
        let mut expected = 0;
        let mut answers = Vec::with_capacity(ranges.len());
        for (first, last, written) in ranges {
            if first != expected {
                return Err(Error::Gap {
                    response: name.to_owned(),
                    expected: expected.min(first),
                    is_twice: first < expected,
                });
            }
            answers.push((last, written));
            expected = last + 1;
        }
        if answers.is_empty() {
            return Err(Error::Gap {
                response: name.to_owned(),
                expected: 0,
                is_twice: false,
            });
        }
        Ok(Self(answers))
    }

    /// The answer of an attempt, which may be beyond the last.
    pub(super) fn answer(&self, attempt: usize) -> Option<Answer> {
        let (_, written) = self.0.iter().find(|(last, _)| attempt <= *last)?;
        Some(match (&written.output, &written.throw) {
            (_, Some(throw)) => Answer::throws(&throw.error, &throw.cause),
            (output, None) => Answer::returns(output.clone().unwrap_or_default()),
        })
    }
}

/// `"3"` or `"1-2"`.
fn range(attempt: &str) -> Option<(usize, usize)> {
    let (first, last) = attempt.split_once('-').unwrap_or((attempt, attempt));
    let (first, last) = (first.parse().ok()?, last.parse().ok()?);
    (first <= last && last < MAX_ATTEMPTS).then_some((first, last))
}
