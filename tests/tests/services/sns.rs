//! SNS.

use aws_sdk_sns::Client;
use aws_sdk_sns::error::SdkError;
use aws_sdk_sns::operation::publish::PublishError;
use aws_sdk_sns::types::MessageAttributeValue;

use super::{Local, TOPIC};

#[tokio::test]
async fn records_notices() {
    let local = Local::new().await;
    let client = Client::new(&local.client());
    let topic = client
        .create_topic()
        .name(TOPIC)
        .send()
        .await
        .expect("a topic");
    let topic = topic.topic_arn().expect("an ARN");
    let message = "Published: <a & b>\nü";
    let kind = MessageAttributeValue::builder()
        .data_type("String")
        .string_value("published");
    let kind = kind.build().expect("an attribute");
    let publish = client
        .publish()
        .topic_arn(topic)
        .subject("VideoFlow: published")
        .message_attributes("kind", kind)
        .message(message);
    let published = publish.send().await.expect("a notice");

    let notices = local.topics.notices();
    let notice = notices.first().expect("a notice");
    assert_eq!(Some(notice.message_id.as_str()), published.message_id());
    assert_eq!(
        (notice.topic_arn.as_str(), notice.message.as_str()),
        (topic, message)
    );
    assert_eq!(notice.subject.as_deref(), Some("VideoFlow: published"));
    assert_eq!(notice.attributes["kind"]["StringValue"], "published");
}

#[tokio::test]
async fn refuses_with_errors_that_the_sdk_knows() {
    let local = Local::new().await;
    let client = Client::new(&local.client());
    let topic = videoflow_platform::arn::topic(TOPIC);
    let publish = client
        .publish()
        .topic_arn(&topic)
        .subject("two\nlines")
        .message("m")
        .send()
        .await;
    let error = publish.map_err(SdkError::into_service_error);
    assert!(
        matches!(error, Err(PublishError::InvalidParameterException(_))),
        "{error:?}"
    );
    let publish = client
        .publish()
        .topic_arn(format!("{topic}-none"))
        .message("m")
        .send()
        .await;
    let error = publish.map_err(SdkError::into_service_error);
    assert!(
        matches!(error, Err(PublishError::NotFoundException(_))),
        "{error:?}"
    );
}
