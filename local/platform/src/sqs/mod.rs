//! SQS: standard queues with visibility timeouts and dead-letter queues, kept in a file.

mod attributes;
mod entries;
mod message;
mod moves;
mod service;
mod store;

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Map, Value};
use time::OffsetDateTime;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::arn;
use crate::names::ACCOUNT;
use crate::token::Token;
pub use attributes::{Attributes, DeadLetters};
pub use message::Message;
use store::Store;

/// Longest message with its attributes: SQS's own limit since 2025.
const MAX_MESSAGE_BYTES: usize = 1024 * 1024;

/// Most messages in one receive or batch: SQS's own limit.
pub const MAX_BATCH: usize = 10;

/// Longest wait of one receive: SQS's own limit.
pub const MAX_WAIT: Duration = Duration::from_secs(20);

/// Longest visibility timeout: SQS's own limit, 12 hours.
const MAX_VISIBILITY: Duration = Duration::from_hours(12);

/// Cause why a queue does not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such queue.
    #[error("the queue {0} does not exist")]
    QueueDoesNotExist(String),
    /// A queue of that name exists with other attributes.
    #[error("the queue {0} exists with other attributes")]
    QueueNameExists(String),
    /// The message and its attributes are longer than SQS takes.
    #[error("the message is longer than {MAX_MESSAGE_BYTES} bytes")]
    MessageTooLong,
    /// The receipt handle is of no message that is being worked on.
    #[error("the receipt handle {0} is not valid")]
    ReceiptHandleIsInvalid(String),
    /// A parameter is missing, of the wrong type or out of its range.
    #[error("{0}")]
    InvalidParameterValue(String),
    /// An attribute is not one of a queue.
    #[error("unknown attribute {0}")]
    InvalidAttributeName(String),
    /// A batch without entries.
    #[error("the batch has no entries")]
    EmptyBatch,
    /// A batch of more entries than SQS takes.
    #[error("the batch has more than {MAX_BATCH} entries")]
    TooManyEntries,
    /// Two entries of a batch have the same id.
    #[error("two entries of the batch have the same id")]
    EntryIdsNotDistinct,
    /// There is no such queue to move messages from or to.
    #[error("{0}")]
    ResourceNotFound(String),
    /// What SQS does here is not done.
    #[error("{0}")]
    UnsupportedOperation(&'static str),
    /// The file of the queues cannot be read or written.
    #[error("the queues cannot be read or written: {0}")]
    Unusable(#[from] rusqlite::Error),
}

/// Name of a queue's dead-letter queue.
pub fn dead_letters(queue: &str) -> String {
    format!("{queue}-dead-letters")
}

/// All local queues. Its methods take the name of a queue; an ARN or a URL is as good.
pub struct Queues {
    store: Mutex<Store>,
    arrivals: Notify,
    /// Tasks that moved messages, the latest first.
    moves: Mutex<Vec<Value>>,
    url_base: String,
}

impl Queues {
    /// Opens the queues kept in `file`, or in memory without one. `url_base` is the platform's address
    /// (`http://127.0.0.1:4566`), with which queue URLs begin.
    ///
    /// # Errors
    /// `Unusable`.
    pub fn open(file: Option<&Path>, url_base: &str) -> Result<Self, Error> {
        Ok(Self {
            store: Mutex::new(Store::open(file)?),
            arrivals: Notify::new(),
            moves: Mutex::default(),
            url_base: url_base.trim_end_matches('/').to_owned(),
        })
    }

    /// URL of a queue.
    pub fn url(&self, queue: &str) -> String {
        format!("{}/{ACCOUNT}/{}", self.url_base, arn::last_part(queue))
    }

    /// Makes a queue. One that exists with the same attributes is fine.
    ///
    /// # Errors
    /// `QueueNameExists`, `InvalidParameterValue`, `Unusable`.
    pub fn create(&self, queue: &str, attributes: &Attributes) -> Result<(), Error> {
        let is_name = (1..=80).contains(&queue.len())
            && queue
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        if !is_name {
            return Err(Error::InvalidParameterValue(format!(
                "{queue:?} is no name for a queue"
            )));
        }
        self.store().create(queue, attributes, now_ms())
    }

    /// Makes a queue and, after its name, a queue `<name>-dead-letters` for messages received
    /// `max_receive_count` times in vain. Both may exist already; the attributes are then set anew.
    ///
    /// # Errors
    /// `InvalidParameterValue`, `Unusable`.
    pub fn create_with_dead_letters(
        &self,
        queue: &str,
        visibility_timeout: Duration,
        max_receive_count: u32,
    ) -> Result<(), Error> {
        let dead_letters = dead_letters(queue);
        let attributes = Attributes {
            visibility_timeout,
            dead_letters: Some(DeadLetters {
                queue: dead_letters.clone(),
                max_receive_count,
            }),
            ..Attributes::default()
        };
        for (name, attributes) in [
            (dead_letters.as_str(), &Attributes::default()),
            (queue, &attributes),
        ] {
            match self.create(name, attributes) {
                Err(Error::QueueNameExists(_)) => self.store().set_attributes(name, attributes)?,
                made => made?,
            }
        }
        Ok(())
    }

    /// Sends a message and answers its id.
    ///
    /// # Errors
    /// `QueueDoesNotExist`, `MessageTooLong`, `InvalidParameterValue` for an empty body, `Unusable`.
    pub fn send(&self, queue: &str, body: &str) -> Result<String, Error> {
        self.send_with(queue, body, &Map::new(), None, None)
    }

    /// Like [`Queues::send`], once for each token.
    ///
    /// # Errors
    /// As [`Queues::send`].
    pub fn send_once(&self, queue: &str, body: &str, token: &Token) -> Result<String, Error> {
        self.send_with(queue, body, &Map::new(), None, Some(token))
    }

    fn send_with(
        &self,
        queue: &str,
        body: &str,
        attributes: &Map<String, Value>,
        delay: Option<Duration>,
        token: Option<&Token>,
    ) -> Result<String, Error> {
        if body.is_empty() {
            return Err(Error::InvalidParameterValue(
                "the message body is empty".to_owned(),
            ));
        }
        let attributes = Value::from(attributes.clone()).to_string();
        if body.len() + attributes.len() > MAX_MESSAGE_BYTES {
            return Err(Error::MessageTooLong);
        }
        let queue = arn::last_part(queue);
        let id = self
            .store()
            .send(queue, body, &attributes, delay, token, now_ms())?;
        self.arrivals.notify_waiters();
        Ok(id)
    }

    /// Receives up to `batch_size` messages, waiting up to `wait` for the first one. They stay hidden from others for
    /// the queue's visibility timeout, and go to the dead-letter queue when they have been received too often.
    ///
    /// This is the poller of an event source mapping; [`Queues::settle`] ends the batch.
    ///
    /// # Errors
    /// `QueueDoesNotExist`, `Unusable`.
    pub async fn poll(
        &self,
        queue: &str,
        batch_size: usize,
        wait: Duration,
    ) -> Result<Vec<Message>, Error> {
        self.receive(queue, batch_size, None, wait).await
    }

    async fn receive(
        &self,
        queue: &str,
        batch_size: usize,
        visibility: Option<Duration>,
        wait: Duration,
    ) -> Result<Vec<Message>, Error> {
        let queue = arn::last_part(queue);
        let deadline = Instant::now() + wait.min(MAX_WAIT);
        loop {
            let arrival = self.arrivals.notified();
            tokio::pin!(arrival);
            arrival.as_mut().enable();

            let now = now_ms();
            let (messages, next_visible) = {
                let mut store = self.store();
                let messages = store.receive(queue, batch_size.min(MAX_BATCH), visibility, now)?;
                (messages, store.next_visible(queue, now)?)
            };
            if !messages.is_empty() || Instant::now() >= deadline {
                return Ok(messages);
            }
            let until_visible =
                next_visible.map(|at| Duration::from_millis((at - now).unsigned_abs()));
            let wake = until_visible.map_or(deadline, |wait| deadline.min(Instant::now() + wait));
            tokio::select! {
                () = arrival => {}
                () = tokio::time::sleep_until(wake) => {}
            }
        }
    }

    /// Ends a polled batch as an event source mapping does: messages whose id is not in `failed` are deleted, the
    /// others become visible again after `retry_after`. Messages taken over by somebody else are left alone.
    ///
    /// # Errors
    /// `QueueDoesNotExist`, `Unusable`.
    pub fn settle(
        &self,
        queue: &str,
        messages: &[Message],
        failed: &[String],
        retry_after: Duration,
    ) -> Result<(), Error> {
        let queue = arn::last_part(queue);
        {
            let mut store = self.store();
            for message in messages {
                if failed.contains(&message.id) {
                    store.change_visibility(
                        queue,
                        &message.receipt_handle,
                        retry_after,
                        now_ms(),
                    )?;
                } else {
                    store.delete(queue, &message.receipt_handle)?;
                }
            }
        }
        self.arrivals.notify_waiters();
        Ok(())
    }

    /// Makes messages visible again whose receiver is known to be gone.
    ///
    /// # Errors
    /// `Unusable`.
    pub fn release(&self, queue: &str) -> Result<(), Error> {
        self.store().release(arn::last_part(queue), now_ms())
    }

    /// Messages of a queue that could be received now.
    ///
    /// # Errors
    /// `QueueDoesNotExist`, `Unusable`.
    pub fn visible_count(&self, queue: &str) -> Result<u64, Error> {
        let counts = self.store().counts(arn::last_part(queue), now_ms())?;
        Ok(counts.visible)
    }

    fn moves(&self) -> MutexGuard<'_, Vec<Value>> {
        self.moves.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn now_ms() -> i64 {
    milliseconds(OffsetDateTime::now_utc())
}

fn milliseconds(time: OffsetDateTime) -> i64 {
    time.unix_timestamp() * 1000 + i64::from(time.millisecond())
}
