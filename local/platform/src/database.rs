//! `SQLite` files in which services keep their state.

use std::path::Path;

use rusqlite::Connection;

/// Opens the database in `file` (in memory without one) and makes what `schema` names and is missing.
///
/// State survives the end of the process, and nothing waits for the disk: a power cut may take what was written last,
/// but leaves the file whole.
///
/// # Errors
/// What `SQLite` says.
pub(crate) fn open(file: Option<&Path>, schema: &str) -> rusqlite::Result<Connection> {
    let connection = match file {
        Some(file) => Connection::open(file)?,
        None => Connection::open_in_memory()?,
    };
    connection.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;")?;
    connection.execute_batch(schema)?;
    Ok(connection)
}
