//! Poster and sprite sheet from the frame captures. A capture that cannot be read is left out: these pictures adorn a
//! video that is whole without them, and check-quality judges the thumbnails themselves.

use tokio::task::JoinSet;
use videoflow_shared::location::{Places, S3Uri};
use videoflow_shared::renditions::{Poster, Sprite, Thumbnails};
use videoflow_shared::storage::{Error, Objects, Serving};

use crate::picture::Picture;
use crate::sheet::{Sheet, TILES_LIMIT};

/// Largest capture that is read: one of 1080 lines has less than one megabyte.
const CAPTURE_LIMIT_BYTES: u64 = 16 * 1024 * 1024;
/// Captures that are read at once.
const READ_AT_ONCE: usize = 8;
/// JPEG quality of the sheet: its tiles are small, and all of it is loaded for the first preview.
const SHEET_QUALITY: u8 = 75;
/// How long browsers keep pictures: a job's never change but by a redrive.
const PICTURE_CACHE: &str = "private, max-age=3600";

/// Chooses the poster among the captures that were made for it, and puts it at its place.
///
/// # Errors
/// Those of [`Objects`].
pub async fn poster(
    objects: &Objects,
    places: Places<'_>,
    captures: &[S3Uri],
) -> Result<Option<Poster>, Error> {
    let mut best: Option<(f64, (usize, usize), Vec<u8>)> = None;
    for some in captures.chunks(READ_AT_ONCE) {
        for bytes in read(objects, some).await? {
            let Some(picture) = Picture::decode(&bytes) else {
                continue;
            };
            let interest = picture.interest();
            if best.as_ref().is_none_or(|(most, ..)| interest > *most) {
                best = Some((interest, picture.size(), bytes));
            }
        }
    }
    let Some((_, (width, height), bytes)) = best else {
        return Ok(None);
    };
    let uri = places.media("poster.jpg");
    let serving = serving("image/jpeg");
    objects.put(&uri, bytes, serving).await?;
    Ok(Some(Poster {
        uri,
        width: u32::try_from(width).unwrap_or(u32::MAX),
        height: u32::try_from(height).unwrap_or(u32::MAX),
    }))
}

/// Puts all thumbnails into one picture, with the times of its parts beside it.
///
/// # Errors
/// Those of [`Objects`].
pub async fn sprite(
    objects: &Objects,
    places: Places<'_>,
    thumbnails: &Thumbnails,
    interval_ms: u64,
    duration_ms: u64,
) -> Result<Option<Sprite>, Error> {
    let captures: Vec<S3Uri> = thumbnails.all().take(TILES_LIMIT).collect();
    let mut sheet = None;
    for (round, some) in captures.chunks(READ_AT_ONCE).enumerate() {
        for (place, bytes) in read(objects, some).await?.iter().enumerate() {
            let Some(picture) = Picture::decode(bytes) else {
                continue;
            };
            let sheet = sheet.get_or_insert_with(|| Sheet::new(picture.size(), captures.len()));
            sheet.add(round * READ_AT_ONCE + place, &picture);
        }
    }
    let drawn = sheet.as_ref().and_then(|sheet: &Sheet| {
        let jpeg = sheet.picture().encode(SHEET_QUALITY)?;
        Some((jpeg, sheet))
    });
    let Some((jpeg, sheet)) = drawn else {
        return Ok(None);
    };
    let (picture, vtt) = (
        places.media("thumbnails/sprite.jpg"),
        places.media("thumbnails/sprite.vtt"),
    );
    let text = sheet.vtt(picture.file_name(), interval_ms, duration_ms);
    objects.put(&picture, jpeg, serving("image/jpeg")).await?;
    objects
        .put(&vtt, text.into_bytes(), serving("text/vtt"))
        .await?;
    Ok(Some(Sprite {
        sheet: picture,
        vtt,
    }))
}

fn serving(content_type: &str) -> Serving<'_> {
    Serving {
        content_type,
        cache_control: Some(PICTURE_CACHE),
    }
}

/// The bytes of objects, in their order; of one that is not there, none.
async fn read(objects: &Objects, uris: &[S3Uri]) -> Result<Vec<Vec<u8>>, Error> {
    let mut reads = JoinSet::new();
    for (number, uri) in uris.iter().cloned().enumerate() {
        let objects = objects.clone();
        reads.spawn(async move { (number, objects.get(&uri, CAPTURE_LIMIT_BYTES).await) });
    }
    let mut all = vec![Vec::new(); uris.len()];
    while let Some(ended) = reads.join_next().await {
        let (number, bytes) = ended
            .map_err(|cause| Error::StorageFailed(format!("reading frame captures: {cause}")))?;
        if let (Some(place), Some(bytes)) = (all.get_mut(number), bytes?) {
            *place = bytes;
        }
    }
    Ok(all)
}
