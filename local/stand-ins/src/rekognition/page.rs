//! Which page of the results a Get operation asks for.

use serde_json::Value;
use videoflow_platform::service::ServiceError;

/// Rekognition gives at most this many results a page, whatever is asked for.
const RESULTS_MAX: usize = 1000;

/// What results are put together by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aggregation {
    /// Each frame by itself.
    Timestamps,
    /// Runs of frames.
    Segments,
}

/// What results are sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Time, then name.
    Timestamp,
    /// Name, then time.
    Name,
}

impl Aggregation {
    /// In the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Timestamps => "TIMESTAMPS",
            Self::Segments => "SEGMENTS",
        }
    }
}

impl Order {
    /// In the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Timestamp => "TIMESTAMP",
            Self::Name => "NAME",
        }
    }
}

/// A page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// Aggregation.
    pub aggregation: Aggregation,
    /// Order.
    pub order: Order,
    from: usize,
    size: usize,
}

impl Page {
    /// Reads a Get operation's parameters.
    ///
    /// # Errors
    /// `InvalidParameterException`; `InvalidPaginationTokenException` for a token of another job or kind of page.
    pub fn parse(parameters: &Value, job: &str) -> Result<Self, ServiceError> {
        let text = |name: &str| parameters.get(name).and_then(Value::as_str);
        let invalid = |name: &str| {
            ServiceError::new(
                "InvalidParameterException",
                400,
                format!("{name} is none that Rekognition knows"),
            )
        };
        let aggregation = match text("AggregateBy") {
            None | Some("TIMESTAMPS") => Aggregation::Timestamps,
            Some("SEGMENTS") => Aggregation::Segments,
            Some(_) => return Err(invalid("AggregateBy")),
        };
        let order = match text("SortBy") {
            None | Some("TIMESTAMP") => Order::Timestamp,
            Some("NAME") => Order::Name,
            Some(_) => return Err(invalid("SortBy")),
        };
        let size = match parameters.get("MaxResults").map(Value::as_u64) {
            None => RESULTS_MAX,
            Some(Some(size @ 1..)) => usize::try_from(size)
                .unwrap_or(RESULTS_MAX)
                .min(RESULTS_MAX),
            Some(_) => return Err(invalid("MaxResults")),
        };
        let mut page = Self {
            aggregation,
            order,
            from: 0,
            size,
        };
        if let Some(token) = text("NextToken") {
            let prefix = page.token_prefix(job);
            let from = token
                .strip_prefix(&prefix)
                .and_then(|from| from.parse().ok());
            page.from = from.ok_or_else(|| {
                ServiceError::new(
                    "InvalidPaginationTokenException",
                    400,
                    "NextToken is not of these results",
                )
            })?;
        }
        Ok(page)
    }

    fn token_prefix(&self, job: &str) -> String {
        let job = job.get(..16).unwrap_or(job);
        format!("{job}-{}-{}-", self.aggregation.name(), self.order.name())
    }

    /// The results of this page, and the token of the next one.
    pub fn cut(&self, results: Vec<Value>, job: &str) -> (Vec<Value>, Option<String>) {
        let next = self.from.saturating_add(self.size);
        let token = (next < results.len()).then(|| format!("{}{next}", self.token_prefix(job)));
        (
            results
                .into_iter()
                .skip(self.from)
                .take(self.size)
                .collect(),
            token,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn pages_follow_each_other_to_the_end() -> Result<(), ServiceError> {
        let results: Vec<Value> = (0..5).map(Value::from).collect();
        let (mut seen, mut parameters) = (
            Vec::new(),
            json!({"MaxResults": 2, "AggregateBy": "SEGMENTS"}),
        );
        for expected in [2, 2, 1] {
            let (page, next) = Page::parse(&parameters, "job")?.cut(results.clone(), "job");
            assert_eq!(page.len(), expected);
            seen.extend(page);
            parameters["NextToken"] = next.map_or(Value::Null, Value::String);
        }
        assert_eq!((seen, &parameters["NextToken"]), (results, &Value::Null));
        Ok(())
    }

    fn check(parameters: &Value, expected: &str) {
        let code = Page::parse(parameters, "job").err().map(|error| error.code);
        assert_eq!(code.as_deref(), Some(expected), "{parameters}");
    }

    #[test]
    fn refuses_what_rekognition_refuses() {
        check(
            &json!({"AggregateBy": "FRAMES"}),
            "InvalidParameterException",
        );
        check(&json!({"SortBy": "SIZE"}), "InvalidParameterException");
        check(&json!({"MaxResults": 0}), "InvalidParameterException");
        check(
            &json!({"NextToken": "job-SEGMENTS-NAME-2"}),
            "InvalidPaginationTokenException",
        );
        check(
            &json!({"NextToken": "job-TIMESTAMPS-TIMESTAMP-x"}),
            "InvalidPaginationTokenException",
        );
    }
}
