//! The videos.

use videoflow_shared::identity::JobId;

use crate::random::Random;

/// Bucket of all videos.
pub const BUCKET: &str = "videoflow-local-source";
/// Profile of all videos.
pub const PROFILE: &str = "default";

/// What becomes of a video.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// A brief.
    Published,
    /// The sanitizer refuses it.
    Rejected,
    /// MediaConvert cannot read it.
    TranscodeFails,
    /// Its brief is not good enough.
    QualityFails,
    /// Another has the same content.
    Duplicate,
}

/// One video.
#[derive(Debug, Clone)]
pub struct Video {
    /// Its job.
    pub job: String,
    /// Its key.
    pub key: String,
    /// Its content; equal for two that are the same.
    pub content: String,
    /// Length.
    pub seconds: i64,
    /// What becomes of it.
    pub fate: Fate,
}

/// So many videos of 30 seconds to 20 minutes: five of a hundred are copies of others, three are no videos, and some fail.
pub fn library(count: usize) -> Vec<Video> {
    let random = Random::new(1);
    let mut videos: Vec<Video> = Vec::with_capacity(count);
    for number in 0..count {
        let key = format!("videos/{number}.mp4");
        let seconds = 30 + i64::try_from(random.below(1171)).unwrap_or_default();
        let (content, seconds, fate) = match number % 100 {
            50..55 => {
                let original = &videos[number - 49];
                (original.content.clone(), original.seconds, Fate::Duplicate)
            }
            60..63 => (format!("content-{number}"), seconds, Fate::Rejected),
            70 => (format!("content-{number}"), seconds, Fate::TranscodeFails),
            80 => (format!("content-{number}"), seconds, Fate::QualityFails),
            _ => (format!("content-{number}"), seconds, Fate::Published),
        };
        videos.push(Video {
            job: JobId::of(BUCKET, &key, "1", PROFILE).to_string(),
            key,
            content,
            seconds,
            fate,
        });
    }
    videos
}
