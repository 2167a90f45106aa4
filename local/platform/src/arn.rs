//! Amazon Resource Names of the local resources.

use crate::names::{ACCOUNT, REGION};

/// ARN of a resource that has a region and an account, such as `arn:aws:sqs:us-east-1:000000000000:name`.
pub fn regional(service: &str, resource: &str) -> String {
    format!("arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}")
}

/// ARN of a bucket, or of an object when a key is given.
pub fn s3(bucket: &str, key: Option<&str>) -> String {
    match key {
        Some(key) => format!("arn:aws:s3:::{bucket}/{key}"),
        None => format!("arn:aws:s3:::{bucket}"),
    }
}

/// ARN of a table.
pub fn table(name: &str) -> String {
    regional("dynamodb", &format!("table/{name}"))
}

/// ARN of a queue.
pub fn queue(name: &str) -> String {
    regional("sqs", name)
}

/// ARN of a topic.
pub fn topic(name: &str) -> String {
    regional("sns", name)
}

/// ARN of an event bus.
pub fn event_bus(name: &str) -> String {
    regional("events", &format!("event-bus/{name}"))
}

/// Last part of an ARN or URL: the name of the resource. A name stays as it is.
pub fn last_part(arn_or_url: &str) -> &str {
    arn_or_url.rsplit([':', '/']).next().unwrap_or(arn_or_url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_the_name_out_of_arns_and_urls() {
        for (input, expected) in [
            ("arn:aws:sqs:us-east-1:000000000000:ingest", "ingest"),
            ("http://127.0.0.1:4566/000000000000/ingest", "ingest"),
            (
                "arn:aws:events:us-east-1:000000000000:event-bus/domain",
                "domain",
            ),
            ("ingest", "ingest"),
        ] {
            assert_eq!(last_part(input), expected);
        }
    }
}
