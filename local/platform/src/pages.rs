//! Pages of lists.

use serde_json::{Value, json};

/// One page of at most `count` items behind the first `skip`, and the token of the next page: the number of the items
/// before that.
pub(crate) fn page<T>(
    found: impl Iterator<Item = T>,
    skip: usize,
    count: usize,
) -> (Vec<T>, Option<String>) {
    let mut rest = found.skip(skip);
    let page: Vec<T> = rest.by_ref().take(count).collect();
    let next = rest.next().map(|_| (skip + page.len()).to_string());
    (page, next)
}

/// The answer with the token of the next page, if there is one.
pub(crate) fn with_token(mut answer: Value, token: Option<String>) -> Value {
    if let (Some(token), Some(members)) = (token, answer.as_object_mut()) {
        members.insert("NextToken".to_owned(), json!(token));
    }
    answer
}
