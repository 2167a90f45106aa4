//! Media files, read as the bytes that they are.

pub mod boxes;
pub mod file;
pub mod movie;
pub mod picture;
pub mod sound;

/// Reads `length` bytes from `start` on.
pub trait Read<E>: AsyncFn(u64, u64) -> Result<Vec<u8>, E> {}

impl<E, F: AsyncFn(u64, u64) -> Result<Vec<u8>, E>> Read<E> for F {}
