//! Looking at messages: they are received, and made visible again at once.
//!
//! SQS has no other way, and counts each look as a receive. A queue of dead letters has no limit of receives; that of
//! `failed-videos` is SQS's highest, 1,000, behind which its own dead letters are.

use std::collections::BTreeMap;

use anyhow::Context;
use aws_sdk_sqs::types::{
    ChangeMessageVisibilityBatchRequestEntry, MessageSystemAttributeName, QueueAttributeName,
};
use serde::Serialize;
use videoflow_shared::identity::JobId;

use super::Letter;
use crate::environment::Environment;

/// Messages of a queue that are looked at, at most.
const LETTERS_LIMIT: usize = 1000;
/// Messages of a receive or batch: SQS's own limit.
const BATCH: usize = 10;
/// Seconds that a receive waits for messages: with a wait SQS asks all of its servers.
const WAIT_SECONDS: i32 = 1;

/// Which messages are meant.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// In these queues, by their names without prefix; none: in all.
    pub queues: Vec<String>,
    /// Ids that begin like one of these; none: any.
    pub ids: Vec<String>,
    /// About one of these jobs; none: about whatever.
    pub jobs: Vec<JobId>,
}

impl Filter {
    /// Whether a message is meant.
    pub fn takes(&self, letter: &Letter) -> bool {
        let is_id = self.ids.is_empty() || self.ids.iter().any(|id| letter.id.starts_with(id));
        let is_job = self.jobs.is_empty()
            || letter
                .job_id
                .as_ref()
                .is_some_and(|job| self.jobs.contains(job));
        is_id && is_job
    }
}

/// A queue with what lies in it.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Heap {
    /// Its name without prefix.
    pub queue: String,
    /// Its URL.
    #[serde(skip)]
    pub url: String,
    /// Messages that can be received, as SQS counts them: about.
    pub visible: u64,
    /// Messages that somebody has received and holds.
    pub held: u64,
    /// Those that were seen.
    pub letters: Vec<Letter>,
}

/// What lies in the queues. The messages stay hidden from others for `hold_seconds`; with none they are visible again when
/// this returns.
///
/// # Errors
/// A queue cannot be read.
pub async fn look(
    environment: &Environment,
    filter: &Filter,
    hold_seconds: i32,
) -> anyhow::Result<Vec<Heap>> {
    let mut heaps = Vec::new();
    let is_meant = |name: &String| filter.queues.is_empty() || filter.queues.contains(name);
    for name in super::names().filter(is_meant) {
        if let Some(url) = environment.queue_url(&name).await? {
            let heap = look_into(&environment.sqs(), name.clone(), url, filter, hold_seconds).await;
            heaps.push(heap.with_context(|| format!("cannot look into {name}"))?);
        }
    }
    Ok(heaps)
}

async fn look_into(
    client: &aws_sdk_sqs::Client,
    queue: String,
    url: String,
    filter: &Filter,
    hold_seconds: i32,
) -> anyhow::Result<Heap> {
    let (visible, held) = counts(client, &url).await?;
    let letters = if visible == 0 {
        Vec::new()
    } else {
        receive(client, &queue, &url).await?
    };
    let (meant, others): (Vec<_>, Vec<_>) =
        letters.into_iter().partition(|letter| filter.takes(letter));
    hide(client, &url, &others, 0).await?;
    hide(client, &url, &meant, hold_seconds).await?;
    Ok(Heap {
        queue,
        url,
        visible,
        held,
        letters: meant,
    })
}

async fn counts(client: &aws_sdk_sqs::Client, url: &str) -> anyhow::Result<(u64, u64)> {
    let request = client
        .get_queue_attributes()
        .queue_url(url)
        .attribute_names(QueueAttributeName::ApproximateNumberOfMessages)
        .attribute_names(QueueAttributeName::ApproximateNumberOfMessagesNotVisible);
    let answer = request.send().await.map_err(aws_sdk_sqs::Error::from)?;
    let count = |name: &QueueAttributeName| -> u64 {
        let value = answer.attributes().and_then(|all| all.get(name));
        value.and_then(|value| value.parse().ok()).unwrap_or(0)
    };
    Ok((
        count(&QueueAttributeName::ApproximateNumberOfMessages),
        count(&QueueAttributeName::ApproximateNumberOfMessagesNotVisible),
    ))
}

/// Seconds that a message stays hidden while the rest of its queue is received: what a crash leaves is visible then.
const LOOK_SECONDS: i32 = 60;

/// All messages, oldest first, hidden for a short while.
async fn receive(
    client: &aws_sdk_sqs::Client,
    queue: &str,
    url: &str,
) -> anyhow::Result<Vec<Letter>> {
    let mut found: BTreeMap<String, Letter> = BTreeMap::new();
    while found.len() < LETTERS_LIMIT {
        let request = client
            .receive_message()
            .queue_url(url)
            .max_number_of_messages(10)
            .visibility_timeout(LOOK_SECONDS)
            .wait_time_seconds(WAIT_SECONDS)
            .message_attribute_names("All")
            .message_system_attribute_names(MessageSystemAttributeName::All);
        let answer = request.send().await.map_err(aws_sdk_sqs::Error::from)?;
        let messages = answer.messages.unwrap_or_default();
        if messages.is_empty() {
            break;
        }
        let letters = messages
            .into_iter()
            .map(|message| Letter::of(queue, message));
        found.extend(letters.map(|letter| (letter.id.clone(), letter)));
    }
    let mut letters: Vec<Letter> = found.into_values().collect();
    letters.sort_by_key(|letter| letter.sent_ms);
    Ok(letters)
}

/// Hides messages for some seconds from now; none: they are visible at once.
pub(super) async fn hide(
    client: &aws_sdk_sqs::Client,
    url: &str,
    letters: &[Letter],
    seconds: i32,
) -> anyhow::Result<()> {
    for batch in letters.chunks(BATCH) {
        let entries = batch.iter().enumerate().map(|(number, letter)| {
            ChangeMessageVisibilityBatchRequestEntry::builder()
                .id(number.to_string())
                .receipt_handle(&letter.receipt)
                .visibility_timeout(seconds)
                .build()
        });
        let entries = entries.collect::<Result<Vec<_>, _>>()?;
        let request = client
            .change_message_visibility_batch()
            .queue_url(url)
            .set_entries(Some(entries));
        // One that is not hidden any more is visible already.
        request.send().await.map_err(aws_sdk_sqs::Error::from)?;
    }
    Ok(())
}
