//! Sending messages back, and dropping them with a record.
//!
//! Each message is written where it goes before it is deleted where it was: a crash between leaves it in both places,
//! and handling one twice changes nothing.

use anyhow::{Context, bail};
use aws_sdk_s3::primitives::ByteStream;
use serde_json::json;
use videoflow_shared::clock;

use super::look::{Heap, hide};
use super::{Letter, origin};
use crate::environment::Environment;

/// Folder of the records of what was dropped, in the output bucket.
const DROPPED: &str = "work/dropped";

/// Who drops messages, and why.
#[derive(Debug, Clone)]
pub struct Dropping {
    /// Who.
    pub by: String,
    /// Why.
    pub why: String,
}

/// Sends the messages of a heap back to the queue that they were meant for, and gives their ids.
///
/// # Errors
/// They cannot be sent back, or a message cannot be moved: those before it were, those after it stay.
pub async fn send_back(environment: &Environment, heap: &Heap) -> anyhow::Result<Vec<String>> {
    let Some(origin) = origin(&heap.queue) else {
        bail!("nobody reads what would be sent back from {}", heap.queue);
    };
    let url = environment.queue_url(origin).await?;
    let url = url.with_context(|| format!("there is no queue {origin}"))?;
    let client = environment.sqs();
    let send = async |letter: &Letter| {
        let request = client
            .send_message()
            .queue_url(&url)
            .message_body(&letter.body);
        request.send().await.map_err(aws_sdk_sqs::Error::from)?;
        anyhow::Ok(())
    };
    each(&client, heap, send).await
}

/// Deletes the messages of a heap, each after its record was written, and gives their ids.
///
/// # Errors
/// A record cannot be written, or a message not be deleted: those before it were dropped, those after it stay.
pub async fn drop_letters(
    environment: &Environment,
    heap: &Heap,
    dropping: &Dropping,
) -> anyhow::Result<Vec<String>> {
    let (s3, bucket) = (environment.s3(), environment.bucket("output").await?);
    let record = async |letter: &Letter| {
        let now = clock::now();
        let record = json!({"version": "1", "droppedAt": now, "by": dropping.by, "why": dropping.why, "letter": letter});
        let request = s3
            .put_object()
            .bucket(&bucket)
            .key(record_key(letter, &now))
            .content_type("application/json")
            .body(ByteStream::from(record.to_string().into_bytes()));
        request.send().await.map_err(aws_sdk_s3::Error::from)?;
        anyhow::Ok(())
    };
    each(&environment.sqs(), heap, record).await
}

/// Place of the record of a dropped message: by day, so that they can be listed.
fn record_key(letter: &Letter, now: &str) -> String {
    let day = now.split('T').next().unwrap_or_default();
    format!("{DROPPED}/{day}/{}-{}.json", letter.queue, letter.id)
}

async fn each(
    client: &aws_sdk_sqs::Client,
    heap: &Heap,
    first: impl AsyncFn(&Letter) -> anyhow::Result<()>,
) -> anyhow::Result<Vec<String>> {
    let mut done = Vec::new();
    for (number, letter) in heap.letters.iter().enumerate() {
        let moved = async {
            first(letter).await?;
            let delete = client
                .delete_message()
                .queue_url(&heap.url)
                .receipt_handle(&letter.receipt);
            delete.send().await.map_err(aws_sdk_sqs::Error::from)?;
            anyhow::Ok(())
        };
        if let Err(error) = moved.await {
            let rest = heap.letters.get(number..).unwrap_or_default();
            hide(client, &heap.url, rest, 0).await?;
            return Err(error).with_context(|| {
                format!(
                    "{} of {} stay in {}",
                    rest.len(),
                    heap.letters.len(),
                    heap.queue
                )
            });
        }
        done.push(letter.id.clone());
    }
    Ok(done)
}
