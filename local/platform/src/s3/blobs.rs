//! Bytes of objects and parts: each in a file of its own with a random name, never changed once written.

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};
use s3s::crypto::{Checksum, Md5};
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt, BufWriter};
use uuid::Uuid;

use super::checksum::{Algorithm, Hasher};
use super::error::Error;

/// Bytes read or written at once.
const CHUNK_BYTES: usize = 256 * 1024;

/// Ending of a file that is being written.
const PART: &str = "part";

/// A folder of blobs.
#[derive(Debug)]
pub(super) struct Blobs {
    folder: PathBuf,
}

/// A blob that has been written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Blob {
    pub name: String,
    pub size_bytes: u64,
    pub md5: [u8; 16],
    pub algorithm: Algorithm,
    pub checksum: Vec<u8>,
}

/// Deletes the file of a blob whose writing failed or was broken off.
struct Unfinished(Option<PathBuf>);

impl Drop for Unfinished {
    fn drop(&mut self) {
        if let Some(path) = self.0.take() {
            // A file that stays behind costs space only.
            let _ = std::fs::remove_file(path);
        }
    }
}

impl Blobs {
    /// Opens the folder. What is of no use there goes: a process that was killed has not finished it, or not told the
    /// index, which knows these names.
    pub fn open(folder: &Path, known: &HashSet<String>) -> io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            let name = entry.file_name();
            if !name.to_str().is_some_and(|name| known.contains(name)) {
                std::fs::remove_file(entry.path())?;
            }
        }
        Ok(Self {
            folder: folder.to_owned(),
        })
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Writes a blob from a stream of bytes, computing its digests on the way.
    pub async fn write<E>(
        &self,
        bytes: impl Stream<Item = Result<Bytes, E>>,
        algorithm: Algorithm,
    ) -> Result<Blob, Error>
    where
        E: std::fmt::Display,
    {
        let name = Uuid::new_v4().simple().to_string();
        let path = self.path(&format!("{name}.{PART}"));
        let mut unfinished = Unfinished(Some(path.clone()));
        let mut file = BufWriter::with_capacity(CHUNK_BYTES, File::create(&path).await?);
        let (mut md5, mut hasher, mut size_bytes) = (Md5::new(), Hasher::new(algorithm), 0_u64);
        let mut bytes = std::pin::pin!(bytes);
        while let Some(chunk) = bytes.next().await {
            let chunk = chunk.map_err(|error| Error::IncompleteBody(error.to_string()))?;
            md5.update(&chunk);
            hasher.update(&chunk);
            size_bytes += chunk.len() as u64;
            file.write_all(&chunk).await?;
        }
        file.flush().await?;
        tokio::fs::rename(&path, self.path(&name)).await?;
        unfinished.0 = None;
        Ok(Blob {
            name,
            size_bytes,
            md5: md5.finalize(),
            algorithm,
            checksum: hasher.finish(),
        })
    }

    /// Writes a blob from a file.
    pub async fn copy(&self, path: &Path, algorithm: Algorithm) -> Result<Blob, Error> {
        let file = File::open(path).await?;
        self.write(chunks(file, u64::MAX), algorithm).await
    }

    /// Writes a blob from other blobs, one after the other.
    pub async fn join(&self, names: &[&str], algorithm: Algorithm) -> Result<Blob, Error> {
        let files = stream::iter(names.iter().map(|name| self.path(name)));
        let bytes = files.flat_map(|path| {
            let file = stream::once(async move { File::open(path).await });
            file.flat_map(|opened| match opened {
                Ok(file) => chunks(file, u64::MAX).left_stream(),
                Err(error) => stream::once(std::future::ready(Err(error))).right_stream(),
            })
        });
        self.write(Box::pin(bytes), algorithm).await
    }

    /// Another name for the same bytes.
    pub async fn link(&self, name: &str) -> Result<String, Error> {
        let copy = Uuid::new_v4().simple().to_string();
        tokio::fs::hard_link(self.path(name), self.path(&copy)).await?;
        Ok(copy)
    }

    /// Reads `range` of a blob.
    pub async fn read(
        &self,
        name: &str,
        range: std::ops::Range<u64>,
    ) -> Result<impl Stream<Item = io::Result<Bytes>> + Send + Sync + use<>, Error> {
        let mut file = File::open(self.path(name)).await?;
        file.seek(io::SeekFrom::Start(range.start)).await?;
        Ok(chunks(file, range.end.saturating_sub(range.start)))
    }

    /// Deletes a blob. One that is gone already is fine.
    pub fn remove(&self, name: &str) {
        if let Err(error) = std::fs::remove_file(self.path(name)) {
            tracing::debug!(%error, name, "a blob cannot be deleted");
        }
    }
}

/// The rest of a file in chunks, up to `limit` bytes.
fn chunks(file: File, limit: u64) -> impl Stream<Item = io::Result<Bytes>> + Send + Sync + use<> {
    stream::try_unfold((file, limit), |(mut file, left)| async move {
        let length = usize::try_from(left).map_or(CHUNK_BYTES, |left| left.min(CHUNK_BYTES));
        let mut buffer = Vec::with_capacity(length);
        let read = (&mut file)
            .take(length as u64)
            .read_to_end(&mut buffer)
            .await?;
        let left = left.saturating_sub(read as u64);
        Ok((read > 0).then(|| (Bytes::from(buffer), (file, left))))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(chunks: &[&'static str]) -> impl Stream<Item = Result<Bytes, io::Error>> + use<> {
        let chunks: Vec<_> = chunks
            .iter()
            .map(|chunk| Ok(Bytes::from_static(chunk.as_bytes())))
            .collect();
        stream::iter(chunks)
    }

    #[tokio::test]
    async fn joins_links_and_reads_ranges() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let blobs = Blobs::open(folder.path(), &HashSet::new()).expect("a folder");
        let first = blobs
            .write(bytes(&["12", "34"]), Algorithm::Crc32)
            .await
            .expect("a blob");
        let second = blobs
            .write(bytes(&["56789"]), Algorithm::Crc32)
            .await
            .expect("a blob");
        let joined = blobs
            .join(&[&first.name, &second.name], Algorithm::Crc32)
            .await
            .expect("a blob");
        assert_eq!(joined.size_bytes, 9);
        assert_eq!(crate::hex(&joined.checksum), "cbf43926");

        let linked = blobs.link(&joined.name).await.expect("a blob");
        blobs.remove(&joined.name);
        let read = blobs.read(&linked, 2..5).await.expect("a blob");
        let read: Vec<Bytes> = read.map(|chunk| chunk.expect("a chunk")).collect().await;
        assert_eq!(read.concat(), b"345");
    }

    #[tokio::test]
    async fn leaves_nothing_of_a_broken_body() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let blobs = Blobs::open(folder.path(), &HashSet::new()).expect("a folder");
        let broken = bytes(&["12"]).chain(stream::iter([Err(io::Error::other("cut off"))]));
        let answer = blobs.write(broken, Algorithm::Crc32).await;
        assert!(matches!(answer, Err(Error::IncompleteBody(_))));
        assert_eq!(
            std::fs::read_dir(folder.path()).expect("a folder").count(),
            0
        );
    }
}
