//! Quality control of published bytes: real media in the local S3, broken in one way each. The fault has to be told by
//! file and reason.

mod video;

use std::collections::BTreeMap;

use aws_sdk_s3::primitives::ByteStream;
use check_quality::checks::Outcome;
use check_quality::{Function, Input, Report};
use serde_json::{Value, json};
use videoflow_shared::jobs::Jobs;
use videoflow_shared::storage::Objects;
use videoflow_shared::stores::Stores;

use crate::services::Local;
use video::{JOB, Video};

const OUTPUT: &str = "videoflow-local-output";

/// The local services, with the objects that the last case left there.
struct Site {
    local: Local,
    there: BTreeMap<String, Vec<u8>>,
}

impl Site {
    async fn new() -> Self {
        let local = Local::new().await;
        local.put_item("jobs", &video::item()).await;
        Self {
            local,
            there: BTreeMap::new(),
        }
    }

    /// Leaves these objects there, and no others.
    async fn put(&mut self, client: &aws_sdk_s3::Client, objects: BTreeMap<String, Vec<u8>>) {
        for (key, bytes) in &objects {
            if self.there.get(key) != Some(bytes) {
                let put = client.put_object().bucket(OUTPUT).key(key);
                let put = put.body(ByteStream::from(bytes.clone()));
                put.send().await.expect("an object");
            }
        }
        for key in self.there.keys().filter(|key| !objects.contains_key(*key)) {
            let delete = client.delete_object().bucket(OUTPUT).key(key);
            delete.send().await.expect("an answer");
        }
        self.there = objects;
    }
}

/// Judges a video after `change`.
async fn judged(site: &mut Site, change: impl FnOnce(&mut Video)) -> Report {
    let mut video = Video::sound();
    change(&mut video);
    let client = aws_sdk_s3::Client::new(&site.local.client());
    let documents = [
        ("brief", &video.brief),
        ("timeline", &video.timeline),
        ("plan", &video.plan),
    ];
    let mut objects = video.files;
    objects.extend(documents.map(|(name, document)| {
        let bytes = document.to_string().into_bytes();
        (format!("work/{JOB}/{name}.json"), bytes)
    }));
    site.put(&client, objects).await;
    let local = &site.local;
    let tables = aws_sdk_dynamodb::Client::new(&local.client());
    let function = Function::new(Stores {
        jobs: Jobs::new(tables, "videoflow-local-jobs".to_owned()),
        objects: Objects::new(client),
        output_bucket: OUTPUT.to_owned(),
    });
    let input: Input = serde_json::from_value(json!({ "jobId": JOB })).expect("an input");
    let verdict = function.handle(input).await.expect("a verdict");
    let objects = Objects::new(aws_sdk_s3::Client::new(&local.client()));
    let report: Option<Report> = objects.get_json(&verdict.report).await.expect("JSON");
    let report = report.expect("a report");
    assert_eq!(
        (verdict.passed, verdict.score),
        (report.passed, report.score)
    );
    let item = local.item("jobs", "JobId", JOB).await;
    let kept: Vec<Outcome> =
        serde_json::from_value(item["QualityResults"].clone()).expect("outcomes");
    assert_eq!(kept, report.shortened(), "{item}");
    report
}

/// The faults after `change`, as `<check>: <file>: <reason>`, have to be these; `…` stands for what follows.
async fn check(site: &mut Site, change: impl FnOnce(&mut Video), expected: &[&str]) -> Report {
    let report = judged(site, change).await;
    let faults: Vec<String> = report
        .checks
        .iter()
        .flat_map(|one| {
            let check = json!(one.check);
            let check = check.as_str().unwrap_or_default().to_owned();
            one.faults
                .iter()
                .map(move |fault| format!("{check}: {}: {}", fault.file, fault.reason))
        })
        .collect();
    let is_told = |(told, expected): (&String, &&str)| match expected.strip_suffix('…') {
        Some(beginning) => told.starts_with(beginning),
        None => told == expected,
    };
    let are_told = faults.len() == expected.len() && faults.iter().zip(expected).all(is_told);
    assert!(are_told, "told: {faults:#?}\nexpected: {expected:#?}");
    let failed = report.checks.iter().filter(|one| !one.passed);
    assert!(failed.clone().all(|one| one.score < 1.0), "{report:#?}");
    report
}

#[tokio::test]
async fn a_sound_video_passes_and_everything_of_it_was_looked_at() {
    let mut site = Site::new().await;
    let report = check(&mut site, |_| (), &[]).await;
    assert!(
        report.passed && (report.score - 1.0).abs() < f64::EPSILON,
        "{report:#?}"
    );
    let idle: Vec<_> = report
        .checks
        .iter()
        .filter(|one| one.looked_at == 0)
        .collect();
    assert!(idle.is_empty(), "nothing was looked at: {idle:#?}");
}

#[tokio::test]
async fn files_are_whole_and_as_announced() {
    let mut site = Site::new().await;
    let cut = |video: &mut Video| {
        let file = video.media("360p.mp4");
        file.truncate(file.len() * 2 / 3);
    };
    let report = check(
        &mut site,
        cut,
        &["renditions: 360p.mp4: cut off: its mdat box needs…"],
    )
    .await;
    assert!(!report.passed, "a file that is cut off is not published");
    let refusal = report.refusal.unwrap_or_default();
    assert!(refusal.starts_with("360p.mp4: cut off"), "{refusal}");
    check(
        &mut site,
        |video| video.remove("proxy.mp4"),
        &["renditions: proxy.mp4: missing or empty"],
    )
    .await;
    check(
        &mut site,
        |video| *video.media("proxy.mp4") = b"no video".to_vec(),
        &["renditions: proxy.mp4: it does not begin as an MP4 file does"],
    )
    .await;
    let index = |video: &mut Video| {
        let file = video.media("proxy.mp4");
        let at = file
            .windows(4)
            .position(|kind| kind == b"stsz")
            .expect("a table of sizes");
        file.splice(at..at + 4, *b"free");
    };
    check(
        &mut site,
        index,
        &["renditions: proxy.mp4: its index (moov) cannot be read"],
    )
    .await;
    check(&mut site, |video| video.make("360p.mp4", "-f lavfi -i testsrc2=s=320x180:r=10:d=25 -f lavfi -i sine=440:d=25 -c:v libx264 -preset ultrafast -c:a aac x.mp4"),
        &["renditions: 360p.mp4: 320x180 pixels, and the brief says 640x360"],
    )
    .await;
    check(
        &mut site,
        |video| {
            video.make(
                "360p.mp4",
                "-f lavfi -i testsrc2=s=640x360:r=10:d=25 -c:v libx264 -preset ultrafast x.mp4",
            );
        },
        &["renditions: 360p.mp4: it has no sound, and the source has"],
    )
    .await;
}

#[tokio::test]
async fn files_and_streams_last_as_long_as_the_source() {
    let mut site = Site::new().await;
    let short = "-f lavfi -i testsrc2=s=640x360:r=10:d=10 -f lavfi -i sine=440:d=10 -c:v libx264 -preset ultrafast -c:a aac x.mp4";
    let report = check(
        &mut site,
        |video| video.make("360p.mp4", short),
        &["duration: 360p.mp4: The video ends after 10.0 of 25.0 seconds: the upload is damaged…"],
    )
    .await;
    assert!(!report.passed);
    let stream = format!("media/{JOB}/stream");
    check(
        &mut site,
        |video| {
            video.replace(
                &format!("{stream}/media_0.m3u8"),
                "#EXTINF:4.000000,",
                "#EXTINF:2.0,",
            );
        },
        &["duration: stream/media_0.m3u8: The video ends after 13.0 of 25.0 seconds…"],
    )
    .await;
    // Sound alone may end earlier, but nothing may be longer than the video.
    check(
        &mut site,
        |video| video.replace(&format!("{stream}/media_1.m3u8"), "#EXTINF:4", "#EXTINF:2"),
        &[],
    )
    .await;
    check(
        &mut site,
        |video| {
            video.replace(
                &format!("{stream}/media_1.m3u8"),
                "#EXT-X-TARGETDURATION:4",
                "#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nchunk-stream1-00001.m4s",
            );
        },
        &["duration: stream/media_1.m3u8: It lasts 34.0 seconds, the source 25.0."],
    )
    .await;
}

#[tokio::test]
async fn every_segment_of_every_manifest_is_there() {
    let mut site = Site::new().await;
    let report = check(
        &mut site,
        |video| video.remove("stream/chunk-stream0-00003.m4s"),
        &["manifests: stream/chunk-stream0-00003.m4s: missing; stream/media_0.m3u8 names it"],
    )
    .await;
    assert!(!report.passed, "a stream with a hole is not published");
    check(
        &mut site,
        |video| video.media("stream/init-stream1.m4s").clear(),
        &["manifests: stream/init-stream1.m4s: empty; stream/media_1.m3u8 names it"],
    )
    .await;
    let stream = format!("media/{JOB}/stream");
    let only_dash = |video: &mut Video| {
        video.replace(
            &format!("{stream}/index.mpd"),
            "chunk-stream$",
            "part-stream$",
        );
        for number in 1..=7 {
            for track in [0, 1] {
                let name = format!("stream/chunk-stream{track}-0000{number}.m4s");
                let bytes = video.media(&name).clone();
                let key = format!("{stream}/part-stream{track}-0000{number}.m4s");
                video.files.insert(key, bytes);
            }
        }
    };
    check(&mut site, only_dash, &[]).await;
    let hole = |video: &mut Video| {
        only_dash(video);
        video.remove("stream/part-stream1-00007.m4s");
    };
    check(
        &mut site,
        hole,
        &["manifests: stream/part-stream1-00007.m4s: missing; stream/index.mpd names it"],
    )
    .await;
    check(
        &mut site,
        |video| video.remove("stream/media_1.m3u8"),
        &["manifests: stream/media_1.m3u8: missing or empty"],
    )
    .await;
    check(
        &mut site,
        |video| video.replace(&format!("{stream}/index.m3u8"), "RESOLUTION", "SOLUTION"),
        &["manifests: stream/index.m3u8: media_0.m3u8 has no RESOLUTION"],
    )
    .await;
}

#[tokio::test]
async fn pictures_can_be_decoded_and_are_not_black_for_long() {
    let mut site = Site::new().await;
    let cut = |video: &mut Video| {
        let picture = video.media("thumbnails/thumb.0000002.jpg");
        picture.truncate(picture.len() / 2);
    };
    let report = check(
        &mut site,
        cut,
        &["thumbnails: thumbnails/thumb.0000002.jpg: no picture…"],
    )
    .await;
    assert!(report.passed, "one picture lowers the score alone");
    check(
        &mut site,
        |video| *video.media("thumbnails/thumb.0000002.jpg") = b"no picture".to_vec(),
        &["thumbnails: thumbnails/thumb.0000002.jpg: no picture…"],
    )
    .await;
    check(
        &mut site,
        |video| video.remove("thumbnails/thumb.0000003.jpg"),
        &["thumbnails: thumbnails/thumb.0000003.jpg: missing or empty"],
    )
    .await;
    let chapter = |video: &mut Video| {
        video.brief["chapters"][0]["keyframeUri"] =
            json!(format!("s3://{OUTPUT}/media/{JOB}/gone.jpg"));
    };
    check(
        &mut site,
        chapter,
        &["thumbnails: brief.json: no picture of chapter-1"],
    )
    .await;
    let black = |numbers: &'static [u32], duration_ms: u64| {
        move |video: &mut Video| {
            for number in numbers {
                let name = format!("thumbnails/thumb.000000{number}.jpg");
                video.make(
                    &name,
                    "-f lavfi -i color=black:s=640x360:d=1 -frames:v 1 x.jpg",
                );
            }
            assert_eq!(duration_ms, 25_000, "the samples' duration");
        }
    };
    // 25 seconds and the profile's 30: only all of it is too much.
    check(&mut site, black(&[0, 1, 2, 3], 25_000), &[]).await;
    let report = check(&mut site, black(&[0, 1, 2, 3, 4], 25_000),
        &["picture: thumbnails/thumb.0000000.jpg: black from second 0.0 to 25.0; the profile takes 30 seconds"],
    )
    .await;
    let picture = report
        .checks
        .iter()
        .find(|one| json!(one.check) == "picture");
    assert_eq!(picture.map(|one| one.score), Some(0.0));
}

#[tokio::test]
async fn sound_can_be_heard() {
    let mut site = Site::new().await;
    let silent = "-f lavfi -i anullsrc=r=48000 -t 25 -c:a aac -movflags +faststart x.m4a";
    check(
        &mut site,
        |video| video.make("audio.m4a", silent),
        &["sound: audio.m4a: silent from beginning to end, and the source has sound"],
    )
    .await;
    // Quiet is not silent: -50 dB of noise.
    let quiet = "-f lavfi -i anoisesrc=a=0.005:r=48000:d=25 -c:a aac -movflags +faststart x.m4a";
    check(&mut site, |video| video.make("audio.m4a", quiet), &[]).await;
    let noise = |video: &mut Video| {
        let file = video.media("audio.m4a");
        let at = file
            .windows(4)
            .position(|kind| kind == b"mdat")
            .expect("media");
        let wanted = file.len() / 10;
        file.iter_mut()
            .skip(at + 4)
            .step_by(97)
            .take(wanted)
            .for_each(|byte| *byte = !*byte);
    };
    let report = judged(&mut site, noise).await;
    let sound = report
        .checks
        .iter()
        .find(|one| json!(one.check) == "sound")
        .expect("the check");
    let fault = sound
        .faults
        .first()
        .map(|fault| fault.reason.clone())
        .unwrap_or_default();
    assert!(fault.contains("frames cannot be decoded"), "{sound:#?}");
    check(
        &mut site,
        |video| video.remove("audio.m4a"),
        &[
            "renditions: audio.m4a: missing or empty",
            "sound: audio.m4a: there is no sound alone, and the source has sound",
        ],
    )
    .await;
    let without = |video: &mut Video| {
        video.remove("audio.m4a");
        video.plan["video"]["hasAudio"] = json!(false);
        video.timeline["renditions"]["audio"] = Value::Null;
        let renditions = video.brief["renditions"]
            .as_array_mut()
            .expect("renditions");
        renditions.retain(|one| one["kind"] != "audio");
    };
    check(&mut site, without, &[]).await;
}

#[tokio::test]
async fn subtitles_fit_the_video() {
    let mut site = Site::new().await;
    let vtt = format!("work/{JOB}/subtitles/en-US.vtt");
    let late = |video: &mut Video| {
        let cue = "\n00:00:26.500 --> 00:00:28.000\nToo late\n".as_bytes();
        video.files.get_mut(&vtt).expect("subtitles").extend(cue);
    };
    let report = judged(&mut site, late).await;
    let subtitles = report
        .checks
        .iter()
        .find(|one| json!(one.check) == "subtitles")
        .expect("the check");
    let told: Vec<_> = subtitles
        .faults
        .iter()
        .map(|one| (one.file.as_str(), one.reason.as_str()))
        .collect();
    let [(first, reason), (second, other)] = told.as_slice() else {
        panic!("{told:?}");
    };
    assert_eq!(
        (*first, *second),
        ("subtitles/en-US.vtt", "subtitles/en-US.srt")
    );
    assert!(
        reason.ends_with("ends at 28000 ms, after the video"),
        "{reason}"
    );
    assert!(other.contains("cues, and not"), "{other}");
}
