//! Rekognition's two analyses as services of a stage.

use aws_sdk_rekognition::Client;
use aws_sdk_rekognition::operation::get_content_moderation::GetContentModerationError;
use aws_sdk_rekognition::operation::get_label_detection::GetLabelDetectionError;
use aws_sdk_rekognition::types::{S3Object, Video, VideoJobStatus};
use videoflow_shared::error::{Error, classify};
use videoflow_shared::location::S3Uri;
use videoflow_shared::service_job::{Condition, StageService};

use crate::Analysis;

/// Confidence (0 to 100) below which labels are noise.
const LABELS_MINIMUM_CONFIDENCE: f32 = 50.0;
/// Confidence below which flags are noise; the profile's policy judges the rest.
const MODERATION_MINIMUM_CONFIDENCE: f32 = 50.0;

/// One analysis of one video.
pub struct Rekognition<'a> {
    /// Client.
    pub client: &'a Client,
    /// What to look for.
    pub analysis: Analysis,
    /// The video.
    pub video: &'a S3Uri,
}

impl StageService for Rekognition<'_> {
    async fn condition(&self, service_job_id: &str) -> Result<Condition, Error> {
        let status = match self.analysis {
            Analysis::Labels => self.labels_status(service_job_id).await?,
            Analysis::Moderation => self.moderation_status(service_job_id).await?,
        };
        Ok(match status {
            None | Some(VideoJobStatus::Failed) => Condition::Lost,
            Some(_) => Condition::Alive,
        })
    }

    async fn start(&self, token: &str, _attempt: u32) -> Result<String, Error> {
        let object = S3Object::builder()
            .bucket(&self.video.bucket)
            .name(&self.video.key)
            .build();
        let video = Video::builder().s3_object(object).build();
        let id = match self.analysis {
            Analysis::Labels => {
                let request = self
                    .client
                    .start_label_detection()
                    .video(video)
                    .client_request_token(token);
                let answer = request
                    .min_confidence(LABELS_MINIMUM_CONFIDENCE)
                    .job_tag(token)
                    .send()
                    .await;
                answer
                    .map_err(|error| classify("StartLabelDetection", &error))?
                    .job_id
            }
            Analysis::Moderation => {
                let request = self
                    .client
                    .start_content_moderation()
                    .video(video)
                    .client_request_token(token);
                let answer = request
                    .min_confidence(MODERATION_MINIMUM_CONFIDENCE)
                    .job_tag(token)
                    .send()
                    .await;
                answer
                    .map_err(|error| classify("StartContentModeration", &error))?
                    .job_id
            }
        };
        id.ok_or_else(|| Error::ServiceFailed("Rekognition answered no job id".to_owned()))
    }
}

impl Rekognition<'_> {
    /// Status of a label detection; `None` when Rekognition knows it no more (results live for 7 days).
    async fn labels_status(&self, id: &str) -> Result<Option<VideoJobStatus>, Error> {
        match self
            .client
            .get_label_detection()
            .job_id(id)
            .max_results(1)
            .send()
            .await
        {
            Ok(answer) => Ok(answer.job_status),
            Err(error)
                if matches!(
                    error.as_service_error(),
                    Some(GetLabelDetectionError::ResourceNotFoundException(_))
                ) =>
            {
                Ok(None)
            }
            Err(error) => Err(classify("GetLabelDetection", &error)),
        }
    }

    /// Status of a content moderation; `None` as above.
    async fn moderation_status(&self, id: &str) -> Result<Option<VideoJobStatus>, Error> {
        match self
            .client
            .get_content_moderation()
            .job_id(id)
            .max_results(1)
            .send()
            .await
        {
            Ok(answer) => Ok(answer.job_status),
            Err(error)
                if matches!(
                    error.as_service_error(),
                    Some(GetContentModerationError::ResourceNotFoundException(_))
                ) =>
            {
                Ok(None)
            }
            Err(error) => Err(classify("GetContentModeration", &error)),
        }
    }
}
