//! Queues and messages in a file. Every method takes the time from its caller.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::{Attributes, Error, Message};
use crate::database;
use crate::token::Token;

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS queue (name TEXT PRIMARY KEY, attributes TEXT NOT NULL, created_ms INTEGER NOT NULL);
    CREATE TABLE IF NOT EXISTS message (
        sequence INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL,
        queue TEXT NOT NULL REFERENCES queue (name),
        body TEXT NOT NULL,
        attributes TEXT NOT NULL,
        sent_ms INTEGER NOT NULL,
        visible_ms INTEGER NOT NULL,
        receive_count INTEGER NOT NULL DEFAULT 0,
        first_received_ms INTEGER,
        receipt TEXT UNIQUE
    );
    CREATE INDEX IF NOT EXISTS message_visible ON message (queue, visible_ms);
    CREATE TABLE IF NOT EXISTS sent (sequence INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE);
";

/// Messages whose token is remembered: far more than can be under way at once.
const REMEMBERED: i64 = 100_000;

/// Messages of a queue by their state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Counts {
    /// Can be received now.
    pub visible: u64,
    /// Received and not deleted.
    pub in_flight: u64,
    /// Sent with a delay that has not passed.
    pub delayed: u64,
}

pub(super) struct Store {
    connection: Connection,
}

impl Store {
    pub fn open(file: Option<&Path>) -> Result<Self, Error> {
        Ok(Self {
            connection: database::open(file, SCHEMA)?,
        })
    }

    pub fn create(
        &mut self,
        queue: &str,
        attributes: &Attributes,
        now_ms: i64,
    ) -> Result<(), Error> {
        match self.attributes(queue) {
            Ok(existing) if existing == *attributes => Ok(()),
            Ok(_) => Err(Error::QueueNameExists(queue.to_owned())),
            Err(Error::QueueDoesNotExist(_)) => {
                let text = Value::from(attributes.to_map()).to_string();
                let sql = "INSERT INTO queue (name, attributes, created_ms) VALUES (?1, ?2, ?3)";
                self.connection.execute(sql, params![queue, text, now_ms])?;
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    pub fn attributes(&self, queue: &str) -> Result<Attributes, Error> {
        attributes(&self.connection, queue)
    }

    pub fn set_attributes(&mut self, queue: &str, attributes: &Attributes) -> Result<(), Error> {
        let text = Value::from(attributes.to_map()).to_string();
        let sql = "UPDATE queue SET attributes = ?2 WHERE name = ?1";
        match self.connection.execute(sql, params![queue, text])? {
            0 => Err(Error::QueueDoesNotExist(queue.to_owned())),
            _ => Ok(()),
        }
    }

    /// When the queue was made.
    pub fn created_ms(&self, queue: &str) -> Result<i64, Error> {
        let sql = "SELECT created_ms FROM queue WHERE name = ?1";
        let created = self
            .connection
            .query_row(sql, [queue], |row| row.get(0))
            .optional()?;
        created.ok_or_else(|| Error::QueueDoesNotExist(queue.to_owned()))
    }

    /// Names that begin with `prefix`, in order.
    pub fn names(&self, prefix: &str) -> Result<Vec<String>, Error> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT name FROM queue ORDER BY name")?;
        let names = statement.query_map([], |row| row.get(0))?;
        let names: Vec<String> = names.collect::<Result<_, _>>()?;
        Ok(names
            .into_iter()
            .filter(|name| name.starts_with(prefix))
            .collect())
    }

    /// Names of the queues whose dead letters go to `queue`, in order.
    pub fn sources_of(&self, queue: &str) -> Result<Vec<String>, Error> {
        let names = self.names("")?.into_iter();
        let sources = names.map(|name| {
            let dead_letters = self.attributes(&name)?.dead_letters;
            let is_source = dead_letters.is_some_and(|dead_letters| dead_letters.queue == queue);
            Ok(is_source.then_some(name))
        });
        sources.filter_map(Result::transpose).collect()
    }

    /// Moves the visible messages of a queue to another one, where they are new; answers how many.
    pub fn move_visible(&mut self, from: &str, to: &str, now_ms: i64) -> Result<usize, Error> {
        let sql = "UPDATE message
            SET queue = ?2, receive_count = 0, receipt = NULL, first_received_ms = NULL, sent_ms = ?3
            WHERE queue = ?1 AND visible_ms <= ?3";
        Ok(self.connection.execute(sql, params![from, to, now_ms])?)
    }

    /// Deletes the messages of a queue.
    pub fn purge(&mut self, queue: &str) -> Result<(), Error> {
        self.attributes(queue)?;
        self.connection
            .execute("DELETE FROM message WHERE queue = ?1", [queue])?;
        Ok(())
    }

    /// Deletes a queue with its messages.
    pub fn remove(&mut self, queue: &str) -> Result<(), Error> {
        self.purge(queue)?;
        self.connection
            .execute("DELETE FROM queue WHERE name = ?1", [queue])?;
        Ok(())
    }

    /// Adds a message and answers its id. One of the same token is added once, also if it has been deleted since.
    pub fn send(
        &mut self,
        queue: &str,
        body: &str,
        attributes: &str,
        delay: Option<Duration>,
        token: Option<&Token>,
        now_ms: i64,
    ) -> Result<String, Error> {
        let delay = delay.unwrap_or(self.attributes(queue)?.delay);
        let id = Token::id_or_new(token).to_string();
        let transaction = self.connection.transaction()?;
        if token.is_some() && !is_first(&transaction, &id)? {
            return Ok(id);
        }
        let sql = "INSERT INTO message (id, queue, body, attributes, sent_ms, visible_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        let visible_ms = after(now_ms, delay);
        transaction.execute(
            sql,
            params![id, queue, body, attributes, now_ms, visible_ms],
        )?;
        transaction.commit()?;
        Ok(id)
    }

    /// Takes up to `limit` visible messages, oldest first. Expired ones are deleted, those received too often go to the
    /// dead-letter queue.
    pub fn receive(
        &mut self,
        queue: &str,
        limit: usize,
        visibility: Option<Duration>,
        now_ms: i64,
    ) -> Result<Vec<Message>, Error> {
        let transaction = self.connection.transaction()?;
        let attributes = attributes(&transaction, queue)?;
        let oldest_ms = now_ms - whole_ms(attributes.retention);
        let sql = "DELETE FROM message WHERE queue = ?1 AND sent_ms < ?2";
        transaction.execute(sql, params![queue, oldest_ms])?;
        if let Some(dead_letters) = &attributes.dead_letters {
            let sql = "UPDATE message SET queue = ?2, receive_count = 0, receipt = NULL, first_received_ms = NULL
                WHERE queue = ?1 AND visible_ms <= ?3 AND receive_count >= ?4";
            let parameters = params![
                queue,
                dead_letters.queue,
                now_ms,
                dead_letters.max_receive_count
            ];
            transaction.execute(sql, parameters)?;
        }
        let visible_ms = after(now_ms, visibility.unwrap_or(attributes.visibility_timeout));
        let messages = take(&transaction, queue, limit, visible_ms, now_ms)?;
        transaction.commit()?;
        Ok(messages)
    }

    /// When the next hidden message of the queue becomes visible.
    pub fn next_visible(&self, queue: &str, now_ms: i64) -> Result<Option<i64>, Error> {
        let sql = "SELECT min(visible_ms) FROM message WHERE queue = ?1 AND visible_ms > ?2";
        Ok(self
            .connection
            .query_row(sql, params![queue, now_ms], |row| row.get(0))?)
    }

    /// Deletes the message of a receipt; answers whether there was one.
    pub fn delete(&mut self, queue: &str, receipt: &str) -> Result<bool, Error> {
        self.attributes(queue)?;
        let sql = "DELETE FROM message WHERE queue = ?1 AND receipt = ?2";
        Ok(self.connection.execute(sql, params![queue, receipt])? > 0)
    }

    /// Hides the message of a receipt from now on for `visibility`; answers whether there was one.
    pub fn change_visibility(
        &mut self,
        queue: &str,
        receipt: &str,
        visibility: Duration,
        now_ms: i64,
    ) -> Result<bool, Error> {
        self.attributes(queue)?;
        let sql = "UPDATE message SET visible_ms = ?3 WHERE queue = ?1 AND receipt = ?2";
        Ok(self
            .connection
            .execute(sql, params![queue, receipt, after(now_ms, visibility)])?
            > 0)
    }

    /// Makes messages visible that somebody has received and not settled. That receive does not count: who had them was
    /// killed, which says nothing of them.
    pub fn release(&mut self, queue: &str, now_ms: i64) -> Result<(), Error> {
        let sql = "UPDATE message SET visible_ms = ?2, receive_count = receive_count - 1
            WHERE queue = ?1 AND visible_ms > ?2 AND receive_count > 0";
        self.connection.execute(sql, params![queue, now_ms])?;
        Ok(())
    }

    pub fn counts(&self, queue: &str, now_ms: i64) -> Result<Counts, Error> {
        self.attributes(queue)?;
        let sql = "SELECT count(*) FILTER (WHERE visible_ms <= ?2),
                count(*) FILTER (WHERE visible_ms > ?2 AND receive_count > 0),
                count(*) FILTER (WHERE visible_ms > ?2 AND receive_count = 0)
            FROM message WHERE queue = ?1";
        let counts = self
            .connection
            .query_row(sql, params![queue, now_ms], |row| {
                Ok(Counts {
                    visible: row.get(0)?,
                    in_flight: row.get(1)?,
                    delayed: row.get(2)?,
                })
            });
        Ok(counts?)
    }
}

/// Remembers the id of a message; answers whether it is new.
fn is_first(transaction: &Transaction<'_>, id: &str) -> Result<bool, Error> {
    let sql = "INSERT OR IGNORE INTO sent (id) VALUES (?1)";
    let is_first = transaction.execute(sql, [id])? > 0;
    if is_first {
        let oldest = transaction.last_insert_rowid() - REMEMBERED;
        transaction.execute("DELETE FROM sent WHERE sequence <= ?1", [oldest])?;
    }
    Ok(is_first)
}

fn attributes(connection: &Connection, queue: &str) -> Result<Attributes, Error> {
    let mut statement =
        connection.prepare_cached("SELECT attributes FROM queue WHERE name = ?1")?;
    let text: Option<String> = statement.query_row([queue], |row| row.get(0)).optional()?;
    let text = text.ok_or_else(|| Error::QueueDoesNotExist(queue.to_owned()))?;
    let mut attributes = Attributes::default();
    attributes.change(&serde_json::from_str(&text).unwrap_or_default())?;
    Ok(attributes)
}

fn take(
    transaction: &Transaction<'_>,
    queue: &str,
    limit: usize,
    visible_ms: i64,
    now_ms: i64,
) -> Result<Vec<Message>, Error> {
    let sql = "UPDATE message
        SET visible_ms = ?3, receive_count = receive_count + 1, receipt = ?4,
            first_received_ms = coalesce(first_received_ms, ?2)
        WHERE sequence = (
            SELECT sequence FROM message WHERE queue = ?1 AND visible_ms <= ?2 ORDER BY sequence LIMIT 1
        )
        RETURNING id, receipt, body, attributes, receive_count, sent_ms, first_received_ms";
    let mut statement = transaction.prepare_cached(sql)?;
    let mut messages = Vec::with_capacity(limit);
    while messages.len() < limit {
        let receipt = Uuid::new_v4().to_string();
        // A visibility of zero would hand out the same message again within this receive.
        let hidden_ms = visible_ms.max(now_ms + 1);
        let parameters = params![queue, now_ms, hidden_ms, receipt];
        match statement.query_row(parameters, message).optional()? {
            Some(message) => messages.push(message),
            None => break,
        }
    }
    Ok(messages)
}

fn message(row: &Row<'_>) -> rusqlite::Result<Message> {
    let attributes: String = row.get(3)?;
    let attributes: Map<String, Value> = serde_json::from_str(&attributes).unwrap_or_default();
    Ok(Message {
        id: row.get(0)?,
        receipt_handle: row.get(1)?,
        body: row.get(2)?,
        attributes,
        receive_count: row.get(4)?,
        sent_ms: row.get(5)?,
        first_received_ms: row.get(6)?,
    })
}

fn whole_ms(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

fn after(now_ms: i64, duration: Duration) -> i64 {
    now_ms.saturating_add(whole_ms(duration))
}

#[cfg(test)]
mod tests {
    use super::super::DeadLetters;
    use super::*;

    const SECOND_MS: i64 = 1000;

    fn store() -> Store {
        let mut store = Store::open(None).expect("memory");
        let attributes = Attributes {
            visibility_timeout: Duration::from_secs(10),
            dead_letters: Some(DeadLetters {
                queue: "dead".into(),
                max_receive_count: 2,
            }),
            ..Attributes::default()
        };
        store
            .create("dead", &Attributes::default(), 0)
            .expect("a new queue");
        store.create("work", &attributes, 0).expect("a new queue");
        store
    }

    fn bodies(store: &mut Store, queue: &str, now_ms: i64) -> Vec<String> {
        let messages = store.receive(queue, 10, None, now_ms).expect("a queue");
        messages.into_iter().map(|message| message.body).collect()
    }

    #[test]
    fn releases_what_was_received_but_not_what_is_delayed() {
        let mut store = store();
        store
            .send("work", "a", "{}", None, None, 0)
            .expect("a queue");
        let delay = Some(Duration::from_secs(9));
        store
            .send("work", "b", "{}", delay, None, 0)
            .expect("a queue");
        assert_eq!(bodies(&mut store, "work", 0), ["a"]);
        // More often than a message may be received before it is a dead letter.
        for now_ms in 1..4 {
            store.release("work", now_ms).expect("a queue");
            assert_eq!(bodies(&mut store, "work", now_ms), ["a"]);
        }
    }

    #[test]
    fn hides_received_messages_and_moves_the_hopeless_ones() {
        let mut store = store();
        for body in ["a", "b"] {
            store
                .send("work", body, "{}", None, None, 0)
                .expect("a queue");
        }
        for (now_ms, queue, expected) in [
            (0, "work", vec!["a", "b"]),
            (9 * SECOND_MS, "work", vec![]),
            (10 * SECOND_MS, "work", vec!["a", "b"]),
            (10 * SECOND_MS, "dead", vec![]),
            (20 * SECOND_MS, "work", vec![]),
            (20 * SECOND_MS, "dead", vec!["a", "b"]),
        ] {
            assert_eq!(
                bodies(&mut store, queue, now_ms),
                expected,
                "{queue} at {now_ms}"
            );
        }
    }

    #[test]
    fn deletes_and_delays() {
        let mut store = store();
        store
            .send("work", "a", "{}", None, None, 0)
            .expect("a queue");
        store
            .send("work", "b", "{}", Some(Duration::from_secs(5)), None, 0)
            .expect("a queue");
        let counts = store.counts("work", 0).expect("a queue");
        assert_eq!(
            (counts.visible, counts.in_flight, counts.delayed),
            (1, 0, 1)
        );
        assert_eq!(
            store.next_visible("work", 0).expect("a queue"),
            Some(5 * SECOND_MS)
        );

        let received = store.receive("work", 1, None, 0).expect("a queue");
        let receipt = received
            .first()
            .map(|message| message.receipt_handle.clone())
            .unwrap_or_default();
        assert_eq!(store.counts("work", 0).expect("a queue").in_flight, 1);
        assert!(store.delete("work", &receipt).expect("a queue"));
        assert!(!store.delete("work", &receipt).expect("a queue"));
        assert_eq!(bodies(&mut store, "work", 20 * SECOND_MS), ["b"]);
    }

    #[test]
    fn forgets_expired_messages() {
        let mut store = store();
        store
            .send("work", "a", "{}", None, None, 0)
            .expect("a queue");
        let retention_ms = whole_ms(Attributes::default().retention);
        assert_eq!(
            bodies(&mut store, "work", retention_ms + 1),
            Vec::<String>::new()
        );
    }

    #[test]
    fn refuses_unknown_queues_and_other_attributes() {
        let mut store = store();
        assert!(matches!(
            store.send("none", "a", "{}", None, None, 0),
            Err(Error::QueueDoesNotExist(_))
        ));
        assert!(matches!(
            store.receive("none", 1, None, 0),
            Err(Error::QueueDoesNotExist(_))
        ));
        let other = Attributes::default();
        assert!(matches!(
            store.create("work", &other, 0),
            Err(Error::QueueNameExists(_))
        ));
        assert!(store.create("dead", &other, 0).is_ok());
    }
}
