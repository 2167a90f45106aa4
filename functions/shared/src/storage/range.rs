//! Parts of objects.

use aws_sdk_s3::error::ProvideErrorMetadata as _;

use super::{Error, Objects, is_missing, storage_error};
use crate::location::S3Uri;

impl Objects {
    /// At most `length` bytes of an object from `start` on; fewer, or none, where it ends before. `None` when there is no
    /// object.
    ///
    /// # Errors
    /// [`Error::StorageFailed`], [`Error::StorageRefused`].
    pub async fn get_range(
        &self,
        uri: &S3Uri,
        start: u64,
        length: u64,
    ) -> Result<Option<Vec<u8>>, Error> {
        let Some(last) = length.checked_sub(1) else {
            return Ok(Some(Vec::new()));
        };
        let request = self.client.get_object().bucket(&uri.bucket).key(&uri.key);
        let range = format!("bytes={start}-{}", start.saturating_add(last));
        let answer = match request.range(range).send().await {
            Ok(answer) => answer,
            Err(error) if is_missing(&error) => return Ok(None),
            Err(error) if error.code() == Some("InvalidRange") => return Ok(Some(Vec::new())),
            Err(error) => return Err(storage_error(&format!("GetObject {uri}"), &error)),
        };
        let body = answer.body.collect().await;
        let body =
            body.map_err(|error| Error::StorageFailed(format!("GetObject {uri}: {error}")))?;
        Ok(Some(body.to_vec()))
    }
}
