//! Reads what the checks look at: side by side, with bounds, and never a media file whole.

use std::collections::BTreeMap;

use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use serde_json::Value;
use videoflow_shared::brief::Brief;
use videoflow_shared::location::S3Uri;
use videoflow_shared::plan::Plan;
use videoflow_shared::profiles::QualityThresholds;
use videoflow_shared::storage::{self, Objects};
use videoflow_shared::timeline::Timeline;

use crate::evidence::{Evidence, Sound, parent};
use crate::manifests::hls;
use crate::media::file::{self, File};
use crate::media::movie::{Movie, sound_samples};
use crate::media::picture::{self, Picture};
use crate::media::sound;

/// Playlists of an HLS master that are read: a ladder has a handful.
const PLAYLISTS_LIMIT: usize = 20;
/// Pictures that are decoded: 120 frame captures, a poster, some sprite sheets.
const PICTURES_LIMIT: usize = 300;
/// Largest picture that is decoded.
const PICTURE_LIMIT_BYTES: u64 = 16 * 1024 * 1024;
/// Small objects (pictures, playlists, documents) that are read side by side.
const SMALL_READS: usize = 16;
/// MP4 files that are read side by side: each may have an index of 25 MB.
const LARGE_READS: usize = 3;

/// The documents of a job.
#[derive(Debug, Clone, Copy)]
pub struct Documents<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// The brief as it is stored.
    pub document: &'a Value,
    /// The brief.
    pub brief: &'a Brief,
    /// Its timeline.
    pub timeline: &'a Timeline,
    /// What the profile takes.
    pub thresholds: QualityThresholds,
}

type Files<T> = BTreeMap<String, Result<T, String>>;

/// Reads everything.
///
/// # Errors
/// All of [`storage::Error`].
pub async fn gather<'a>(
    objects: &Objects,
    documents: Documents<'a>,
) -> Result<Evidence<'a>, storage::Error> {
    let Documents {
        document,
        brief,
        timeline,
        thresholds,
        ..
    } = documents;
    let folder = parent(&timeline.renditions.proxy);
    let listed = objects.list(&folder).await?;
    let sizes: BTreeMap<_, _> = listed
        .into_iter()
        .map(|one| (one.key, one.size_bytes))
        .collect();
    let hls = &timeline.renditions.stream.hls;
    let stream = parent(hls);
    let master = text(objects, hls).await?;
    let uris: Vec<&S3Uri> = brief.subtitles.iter().map(|one| &one.uri).collect();
    let ((movies, sound), pictures, playlists, dash, texts, outputs) = tokio::try_join!(
        media(objects, &folder, &sizes, documents),
        pictures(objects, &folder, &sizes),
        playlists(objects, &master, &stream),
        text(objects, &timeline.renditions.stream.dash),
        texts(objects, &uris),
        outputs(objects, brief),
    )?;
    Ok(Evidence {
        document,
        brief,
        timeline,
        thresholds,
        sizes,
        movies,
        pictures,
        sound,
        master,
        playlists,
        dash,
        subtitles: brief.subtitles.iter().cloned().zip(texts).collect(),
        outputs,
    })
}

/// A text; empty where there is none.
async fn text(objects: &Objects, uri: &S3Uri) -> Result<String, storage::Error> {
    Ok(objects.get_text(uri).await?.unwrap_or_default())
}

async fn texts(objects: &Objects, uris: &[&S3Uri]) -> Result<Vec<String>, storage::Error> {
    let reads = uris.iter().map(|uri| text(objects, uri));
    stream::iter(reads)
        .buffered(SMALL_READS)
        .try_collect()
        .await
}

async fn playlists(
    objects: &Objects,
    master: &str,
    folder: &S3Uri,
) -> Result<BTreeMap<String, String>, storage::Error> {
    let master = hls::master(master);
    let names = master.variants.into_iter().map(|one| one.uri);
    let names = names.chain(master.others).take(PLAYLISTS_LIMIT);
    let reads = names.map(|name| async move {
        let uri = S3Uri::new(&folder.bucket, format!("{}{name}", folder.key));
        let text = text(objects, &uri).await?;
        Ok((name, text))
    });
    stream::iter(reads)
        .buffered(SMALL_READS)
        .try_collect()
        .await
}

async fn outputs(objects: &Objects, brief: &Brief) -> Result<Vec<Option<Value>>, storage::Error> {
    let engines = brief.provenance.engines.iter();
    let reads = engines.map(|engine| async move {
        match &engine.output_uri {
            Some(uri) => objects.get_json(uri).await,
            None => Ok(None),
        }
    });
    stream::iter(reads)
        .buffered(SMALL_READS)
        .try_collect()
        .await
}

async fn pictures(
    objects: &Objects,
    folder: &S3Uri,
    sizes: &BTreeMap<String, u64>,
) -> Result<Files<Picture>, storage::Error> {
    let keys = sizes
        .iter()
        .filter(|(key, size)| ending(key) == "jpg" && **size > 0);
    let reads = keys.take(PICTURES_LIMIT).map(|(key, size)| async move {
        if *size > PICTURE_LIMIT_BYTES {
            let reason =
                format!("{size} bytes, and no picture needs more than {PICTURE_LIMIT_BYTES}");
            return Ok((key.clone(), Err(reason)));
        }
        let uri = S3Uri::new(&folder.bucket, key);
        let bytes = objects.get(&uri, PICTURE_LIMIT_BYTES).await?;
        let picture = picture::decode(&bytes.unwrap_or_default());
        Ok((key.clone(), picture))
    });
    stream::iter(reads)
        .buffered(SMALL_READS)
        .try_collect()
        .await
}

/// What stands behind the last dot of a key.
fn ending(key: &str) -> &str {
    key.rsplit_once('.').map_or("", |(_, ending)| ending)
}

/// The MP4 files, and what is heard of the sound alone.
async fn media(
    objects: &Objects,
    folder: &S3Uri,
    sizes: &BTreeMap<String, u64>,
    documents: Documents<'_>,
) -> Result<(Files<Movie>, Sound), storage::Error> {
    let audio = documents.timeline.renditions.audio.as_ref();
    let is_movie = |key: &str| {
        let name = key.strip_prefix(&folder.key).unwrap_or(key);
        !name.contains('/') && ["mp4", "m4a"].contains(&ending(name))
    };
    let keys = sizes
        .iter()
        .filter(|(key, size)| is_movie(key) && **size > 0);
    let reads = keys.map(|(key, size)| async move {
        let uri = S3Uri::new(&folder.bucket, key);
        let is_audio = audio.is_some_and(|audio| audio.key == *key);
        let read = movie(objects, &uri, *size, is_audio).await;
        read.map(|(movie, heard)| (key.clone(), movie, heard))
    });
    let read: Vec<_> = stream::iter(reads)
        .buffered(LARGE_READS)
        .try_collect()
        .await?;
    let mut movies = BTreeMap::new();
    let mut sound = if documents.plan.video.has_audio {
        Sound::Unreadable("there is no sound alone, and the source has sound".to_owned())
    } else {
        Sound::Absent
    };
    for (key, movie, heard) in read {
        if let (Err(reason), Some(true)) = (&movie, audio.map(|audio| audio.key == key)) {
            sound = Sound::Unreadable(reason.clone());
        }
        sound = heard.unwrap_or(sound);
        movies.insert(key, movie);
    }
    Ok((movies, sound))
}

/// An MP4 file, and what is heard of it if it is the sound alone.
async fn movie(
    objects: &Objects,
    uri: &S3Uri,
    size: u64,
    is_audio: bool,
) -> Result<(Result<Movie, String>, Option<Sound>), storage::Error> {
    let read = async |start, length| part(objects, uri, start, length).await;
    Ok(match file::read(size, read).await? {
        File::Damaged(reason) => (Err(reason), None),
        File::Whole { movie, moov } if is_audio => {
            (Ok(movie), Some(listen(objects, uri, &moov).await?))
        }
        File::Whole { movie, .. } => (Ok(movie), None),
    })
}

async fn listen(objects: &Objects, uri: &S3Uri, moov: &[u8]) -> Result<Sound, storage::Error> {
    let Some((samples, configuration)) = sound_samples(moov) else {
        return Ok(Sound::Unreadable("its index names no AAC sound".to_owned()));
    };
    let read = async |start, length| part(objects, uri, start, length).await;
    let heard = sound::listen(&samples, &configuration, sound::FRAMES_LIMIT, read).await?;
    Ok(Sound::Heard(heard, samples.len()))
}

/// Part of an object; nothing where there is none any more.
async fn part(
    objects: &Objects,
    uri: &S3Uri,
    start: u64,
    length: u64,
) -> Result<Vec<u8>, storage::Error> {
    let bytes = objects.get_range(uri, start, length).await?;
    Ok(bytes.unwrap_or_default())
}
