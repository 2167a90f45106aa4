//! What the functions ask of the services, for every profile and every kind of source: AWS takes it, by its API models.
//! The sanitizer makes the plan from what Probe says; each start function makes its request from the plan, over the wire.

use std::sync::Arc;

use serde_json::{Value, json};
use videoflow_platform::lambda::Host;
use videoflow_shared::identity::JobId;
use videoflow_shared::profiles;

use super::paid_once::{Paid, function};
use super::{Local, SOURCE};
use crate::support::report;

/// Longest side and largest area of AVC that `MediaConvert` encodes, and its shortest side.
const LONGEST_SIDE: u64 = 4096;
const SHORTEST_SIDE: u64 = 32;

/// A source that may cost more than a profile allows: then nothing is asked for.
const DEAR: &str = "four hours";

/// Sources whose analyses are asked for too.
const ANALYSED: [&str; 3] = ["1080p", "silent", "half a second"];

/// A kind of source: its name and what Probe says of it.
type Source = (&'static str, Value);

/// What Probe says of a file with this picture and these sounds.
fn probed(seconds: f64, picture: &Value, sounds: usize) -> Value {
    let mut properties = json!({
        "Width": 1920, "Height": 1080, "BitDepth": 8, "FrameRate": {"Numerator": 25, "Denominator": 1},
    });
    if let (Some(properties), Some(picture)) = (properties.as_object_mut(), picture.as_object()) {
        properties.extend(picture.clone());
    }
    let video = json!({"TrackType": "video", "Codec": "AVC", "Duration": seconds, "VideoProperties": properties});
    let sound = json!({"TrackType": "audio", "Codec": "AAC", "Duration": seconds});
    let tracks: Vec<Value> = std::iter::once(video)
        .chain((0..sounds).map(|_| sound.clone()))
        .collect();
    json!({"Container": {"Format": "mp4", "Duration": seconds, "Tracks": tracks}, "Metadata": {}})
}

fn sources() -> Vec<Source> {
    let size = |width: u32, height: u32| json!({"Width": width, "Height": height});
    let rate = |numerator: u32, denominator: u32| json!({"FrameRate": {"Numerator": numerator, "Denominator": denominator}});
    let colours = |transfer: &str| json!({"ColorPrimaries": "ITU_2020", "TransferCharacteristics": transfer, "BitDepth": 10});
    let kind = |name, picture: Value| (name, probed(60.0, &picture, 1));
    vec![
        kind("1080p", json!({})),
        kind("held upright", json!({"Rotation": 90})),
        kind("square", size(1080, 1080)),
        kind("4K", size(3840, 2160)),
        kind("DCI 4K", size(4096, 2160)),
        kind("8K", size(7680, 4320)),
        kind(
            "4K, held upright",
            json!({"Width": 3840, "Height": 2160, "Rotation": 270}),
        ),
        kind("very wide", size(7680, 1080)),
        kind("64 pixels", size(64, 64)),
        kind("odd sides", size(853, 481)),
        kind("PQ", colours("SMPTE_2084")),
        kind("HLG", colours("ARIB_B67")),
        kind("23.976 pictures a second", rate(24_000, 1001)),
        kind("29.97 pictures a second", rate(30_000, 1001)),
        kind("59.94 pictures a second", rate(60_000, 1001)),
        kind("119.88 pictures a second", rate(120_000, 1001)),
        kind("120 pictures a second", rate(120, 1)),
        kind("variable frame rate", rate(19_001, 634)),
        kind("no frame rate", json!({"FrameRate": null})),
        kind(
            "interlaced",
            json!({"ScanType": "INTERLACED", "Height": 1080}),
        ),
        kind(
            "pixels that are not square",
            json!({"Width": 720, "Height": 576, "SampleAspectRatio": {"Numerator": 64, "Denominator": 45}}),
        ),
        ("silent", probed(60.0, &json!({}), 0)),
        ("two sound tracks", probed(60.0, &json!({}), 2)),
        ("half a second", probed(0.5, &json!({}), 1)),
        ("two hours", probed(7200.0, &size(3840, 2160), 1)),
        (DEAR, probed(14_400.0, &size(3840, 2160), 1)),
    ]
}

/// The functions on services of their own.
struct Scene {
    local: Local,
    host: Host,
    transcodes: Arc<Paid>,
    source: Value,
    etag: String,
}

const FUNCTIONS: [&str; 5] = [
    "inspect-file",
    "start-transcode",
    "start-transcription",
    "start-labels",
    "start-meaning",
];

impl Scene {
    async fn new() -> Self {
        let local = Local::new().await;
        let services = ["mediaconvert", "transcribe", "rekognition", "bedrock"]
            .map(|name| Arc::new(Paid::new(name)));
        for service in &services {
            local.services.add(Arc::clone(service) as _);
        }
        let [transcodes, ..] = services;
        let functions = FUNCTIONS.map(|name| function(name, &local.url));
        let host = Host::new(functions, local.folder().join("logs"));
        let client = aws_sdk_s3::Client::new(&local.client());
        let upload = client.put_object().bucket(SOURCE).key("a b/ü+.mp4");
        let body = aws_sdk_s3::primitives::ByteStream::from_static(b"video");
        let put = upload.body(body).send().await.expect("an upload");
        let source = json!({
            "bucket": SOURCE, "key": "a b/ü+.mp4", "versionId": put.version_id().expect("a version"),
        });
        let etag = put.e_tag().unwrap_or_default().to_owned();
        Self {
            local,
            host,
            transcodes,
            source,
            etag,
        }
    }

    async fn invoke(&self, function: &str, input: &Value) -> Value {
        let answer = self.host.invoke(function, input).await.expect("an answer");
        assert_eq!(
            answer.function_error, None,
            "{function} {input}: {}",
            answer.payload
        );
        answer.payload
    }

    /// The requests of all analyses.
    async fn analyse(&self, job: &str, verdict: &Value) {
        let video = format!("s3://videoflow-local-output/media/{job}/proxy.mp4");
        let sound = format!("s3://videoflow-local-output/media/{job}/audio.m4a");
        if verdict["analyses"]["transcription"] == true {
            let input = json!({"jobId": job, "audio": sound});
            self.invoke("start-transcription", &input).await;
        }
        for analysis in ["labels", "moderation"] {
            let input = json!({"jobId": job, "analysis": analysis, "video": video});
            self.invoke("start-labels", &input).await;
        }
        let input = json!({"jobId": job, "video": video});
        self.invoke("start-meaning", &input).await;
    }

    /// All requests for one video: the transcode's is handed back. Nothing where it costs too much.
    async fn check(&self, profile: &str, (name, probe): &Source) -> Option<Value> {
        let job = JobId::of(SOURCE, name, "1", profile).to_string();
        self.local
            .put_item("jobs", &json!({
                "JobId": job, "JobStatus": "PROCESSING", "SourceBucket": SOURCE, "SourceKey": "k", "SourceVersionId": "1",
                "Profile": profile, "CreatedAt": "t", "UpdatedAt": "t", "Stages": {},
            }))
            .await;
        let mut probe = probe.clone();
        probe["Metadata"]["ETag"] = json!(self.etag);
        let input =
            json!({"jobId": job, "source": self.source, "profile": profile, "probe": probe});
        let verdict = self.invoke("inspect-file", &input).await;
        let context = format!("{profile}, {name}");
        if *name == DEAR && verdict["code"] == "PriceOverLimit" {
            return None;
        }
        assert_eq!(verdict["verdict"], "ACCEPTED", "{context}: {verdict}");
        let before = self.transcodes.requests().len();
        self.invoke("start-transcode", &json!({"jobId": job})).await;
        // The analyses see the proxy and the sound, which are alike whatever the source is.
        if ANALYSED.contains(name) {
            self.analyse(&job, &verdict).await;
        }
        let request = self.transcodes.requests().into_iter().nth(before);
        assert!(request.is_some(), "{context}: nothing was transcoded");
        request
    }
}

/// What the models do not say and the service demands of a transcode's outputs.
fn check_outputs(request: &Value, context: &str) {
    let groups = request["Settings"]["OutputGroups"]
        .as_array()
        .expect("groups");
    let outputs = groups
        .iter()
        .flat_map(|group| group["Outputs"].as_array().expect("outputs"));
    for video in outputs
        .map(|output| &output["VideoDescription"])
        .filter(|video| video.is_object())
    {
        let side = |name: &str| video[name].as_u64().unwrap_or_default();
        let (short, long) = (
            side("Width").min(side("Height")),
            side("Width").max(side("Height")),
        );
        assert!(
            short >= SHORTEST_SIDE && long <= LONGEST_SIDE && short % 2 == 0 && long % 2 == 0,
            "{context}: {video}"
        );
    }
    for group in groups {
        let is_automated = group["AutomatedEncodingSettings"].is_object();
        for output in group["Outputs"].as_array().expect("outputs") {
            let codec = &output["VideoDescription"]["CodecSettings"]["H264Settings"];
            let expected = if is_automated {
                "MULTI_PASS_HQ"
            } else {
                "SINGLE_PASS_HQ"
            };
            assert!(
                codec.is_null()
                    || (codec["QualityTuningLevel"] == expected
                        && codec["RateControlMode"] == "QVBR"),
                "{context}: {codec}"
            );
        }
    }
}

#[tokio::test]
async fn every_profile_asks_for_what_aws_takes_of_every_kind_of_source() {
    let scene = Scene::new().await;
    let mut tried = 0;
    for profile in profiles::names() {
        for source in sources() {
            if let Some(request) = scene.check(profile, &source).await {
                check_outputs(&request, &format!("{profile}, {}", source.0));
                tried += 1;
            }
        }
    }
    report(&format!(
        "requests: {tried} videos of all profiles and kinds, taken by AWS's API models"
    ));
}
