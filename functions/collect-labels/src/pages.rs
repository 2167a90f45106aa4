//! Rekognition's pages, as plain detections.

use aws_sdk_rekognition::Client;
use aws_sdk_rekognition::types::{
    ContentModerationAggregateBy, ContentModerationDetection, LabelDetection,
    LabelDetectionAggregateBy, VideoJobStatus,
};
use videoflow_shared::error::classify;
use videoflow_shared::labels::Detection;

use crate::Error;

/// Results a page: the most that Rekognition gives.
const PAGE_RESULTS: i32 = 1000;
/// Pages followed: a six-hour video has a few hundred thousand detections at worst.
const PAGES_LIMIT: usize = 400;

/// All detections of a job.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) detections: Vec<Detection>,
    pub(crate) model_version: Option<String>,
}

/// One page of them.
struct Page {
    detections: Vec<Detection>,
    model_version: Option<String>,
    next_token: Option<String>,
}

/// Pages of `GetLabelDetection`, by segments: one detection a sighting instead of two a second. They have no boxes, which
/// Rekognition gives by timestamps only.
pub(crate) async fn labels(client: &Client, id: &str) -> Result<Found, Error> {
    let page = async |token: Option<String>| {
        let request = client.get_label_detection().job_id(id);
        let page = request
            .max_results(PAGE_RESULTS)
            .set_next_token(token)
            .aggregate_by(LabelDetectionAggregateBy::Segments)
            .send()
            .await
            .map_err(|error| classify("GetLabelDetection", &error))?;
        check_status(id, page.job_status(), page.status_message())?;
        Ok(Page {
            detections: page.labels().iter().filter_map(label).collect(),
            model_version: page.label_model_version().map(str::to_owned),
            next_token: page.next_token().map(str::to_owned),
        })
    };
    all("label", id, page).await
}

/// Pages of `GetContentModeration`, by segments.
pub(crate) async fn moderation(client: &Client, id: &str) -> Result<Found, Error> {
    let page = async |token: Option<String>| {
        let request = client.get_content_moderation().job_id(id);
        let page = request
            .max_results(PAGE_RESULTS)
            .set_next_token(token)
            .aggregate_by(ContentModerationAggregateBy::Segments)
            .send()
            .await
            .map_err(|error| classify("GetContentModeration", &error))?;
        check_status(id, page.job_status(), page.status_message())?;
        Ok(Page {
            detections: page.moderation_labels().iter().filter_map(flag).collect(),
            model_version: page.moderation_model_version().map(str::to_owned),
            next_token: page.next_token().map(str::to_owned),
        })
    };
    all("moderation", id, page).await
}

/// Follows the pages to the last one; the model's version is that of the last page which names one.
async fn all(
    kind: &str,
    id: &str,
    page: impl AsyncFn(Option<String>) -> Result<Page, Error>,
) -> Result<Found, Error> {
    let mut found = Found::default();
    let mut token = None;
    for _ in 0..PAGES_LIMIT {
        let page = page(token).await?;
        found.detections.extend(page.detections);
        found.model_version = page.model_version.or(found.model_version);
        token = page.next_token;
        if token.is_none() {
            return Ok(found);
        }
    }
    Err(Error::LabelsUnfinished(format!(
        "{kind} job {id} has more than {PAGES_LIMIT} pages"
    )))
}

fn check_status(
    id: &str,
    status: Option<&VideoJobStatus>,
    message: Option<&str>,
) -> Result<(), Error> {
    if status == Some(&VideoJobStatus::Succeeded) {
        return Ok(());
    }
    let status = status.map_or("UNKNOWN", VideoJobStatus::as_str);
    Err(Error::LabelsUnfinished(format!(
        "job {id} is {status}: {}",
        message.unwrap_or("no message")
    )))
}

/// A detection; `None` without a name.
fn label(one: &LabelDetection) -> Option<Detection> {
    let label = one.label()?;
    let names = |name: Option<&str>| name.map(str::to_owned);
    Some(Detection {
        name: label.name()?.to_owned(),
        start_ms: milliseconds(
            one.start_timestamp_millis()
                .unwrap_or_else(|| one.timestamp()),
        ),
        end_ms: milliseconds(
            one.end_timestamp_millis()
                .unwrap_or_else(|| one.timestamp()),
        ),
        confidence_percent: f64::from(label.confidence().unwrap_or(0.0)),
        parents: label
            .parents()
            .iter()
            .filter_map(|parent| names(parent.name()))
            .collect(),
        categories: label
            .categories()
            .iter()
            .filter_map(|category| names(category.name()))
            .collect(),
        aliases: label
            .aliases()
            .iter()
            .filter_map(|alias| names(alias.name()))
            .collect(),
        taxonomy_level: None,
    })
}

/// A detection; `None` without a name.
fn flag(one: &ContentModerationDetection) -> Option<Detection> {
    let label = one.moderation_label()?;
    let parent = label.parent_name().filter(|name| !name.is_empty());
    Some(Detection {
        name: label.name()?.to_owned(),
        start_ms: milliseconds(
            one.start_timestamp_millis()
                .unwrap_or_else(|| one.timestamp()),
        ),
        end_ms: milliseconds(
            one.end_timestamp_millis()
                .unwrap_or_else(|| one.timestamp()),
        ),
        confidence_percent: f64::from(label.confidence().unwrap_or(0.0)),
        parents: parent.map(str::to_owned).into_iter().collect(),
        categories: Vec::new(),
        aliases: Vec::new(),
        taxonomy_level: label.taxonomy_level(),
    })
}

/// Rekognition's times are never negative.
fn milliseconds(time: i64) -> u64 {
    u64::try_from(time).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use aws_sdk_rekognition::types::{Label, LabelAlias, LabelCategory, ModerationLabel, Parent};

    use super::*;

    #[test]
    fn reads_segments_and_single_times() {
        let cat = Label::builder()
            .name("Cat")
            .confidence(91.5)
            .parents(Parent::builder().name("Animal").build())
            .categories(LabelCategory::builder().name("Animals and Pets").build())
            .aliases(LabelAlias::builder().name("Kitty").build())
            .build();
        let segment = LabelDetection::builder()
            .label(cat.clone())
            .start_timestamp_millis(500)
            .end_timestamp_millis(900);
        let found = label(&segment.build());
        assert_eq!(
            found.as_ref().map(|one| (one.start_ms, one.end_ms)),
            Some((500, 900))
        );
        assert_eq!(
            found.map(|one| (one.parents, one.categories, one.aliases)),
            Some((
                vec!["Animal".into()],
                vec!["Animals and Pets".into()],
                vec!["Kitty".into()]
            ))
        );
        let moment = label(&LabelDetection::builder().timestamp(700).label(cat).build());
        assert_eq!(
            moment.map(|one| (one.start_ms, one.end_ms)),
            Some((700, 700))
        );
        assert_eq!(
            label(
                &LabelDetection::builder()
                    .timestamp(-5)
                    .label(Label::builder().build())
                    .build()
            ),
            None
        );
        assert_eq!(label(&LabelDetection::builder().build()), None);
    }

    #[test]
    fn flags_have_a_parent_or_none() {
        let read = |parent: &str| {
            let label = ModerationLabel::builder()
                .name("Smoking")
                .parent_name(parent)
                .confidence(80.0)
                .taxonomy_level(2);
            flag(
                &ContentModerationDetection::builder()
                    .timestamp(1)
                    .moderation_label(label.build())
                    .build(),
            )
        };
        assert_eq!(read("").map(|one| one.parents), Some(vec![]));
        assert_eq!(
            read("Drugs & Tobacco").map(|one| one.parents),
            Some(vec!["Drugs & Tobacco".into()])
        );
    }

    #[test]
    fn only_finished_jobs_are_read() {
        let check = |status: Option<VideoJobStatus>, is_done: bool| {
            assert_eq!(
                check_status("j", status.as_ref(), None).is_ok(),
                is_done,
                "{status:?}"
            );
        };
        check(Some(VideoJobStatus::Succeeded), true);
        check(Some(VideoJobStatus::InProgress), false);
        check(Some(VideoJobStatus::Failed), false);
        check(Some(VideoJobStatus::from("ODD")), false);
        check(None, false);
    }
}
