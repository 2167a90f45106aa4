//! The service on small real files. Some tests are long tables.
#![allow(clippy::too_many_lines)]

use serde_json::{Value, json};

use super::MediaConvert;
use crate::ffmpeg::{self, Limits, Program};
use crate::jobs::Job;
use crate::testing::{Bench, Failure, NOBODY, READER, call, call_as};

mod automated;
mod sound;

const PICTURES: [&str; 4] = [
    "-f",
    "lavfi",
    "-i",
    "testsrc=size=192x108:rate=25:duration=3",
];
const SOUND: [&str; 4] = ["-f", "lavfi", "-i", "sine=frequency=440:duration=3"];

async fn probe(bench: &Bench, key: &str) -> Result<Value, String> {
    let service = MediaConvert::new(&bench.config());
    let request = json!({"InputFiles": [{"FileUrl": format!("s3://in/{key}")}]});
    let answer = call(&service, "Probe", request)
        .await
        .map_err(|error| error.code)?;
    Ok(answer
        .pointer("/ProbeResults/0")
        .cloned()
        .unwrap_or_default())
}

fn check(value: &Value, expected: &[(&str, Value)]) {
    for (pointer, expected) in expected {
        assert_eq!(
            value.pointer(pointer),
            Some(expected),
            "{pointer} of {value:#}"
        );
    }
}

#[tokio::test]
async fn probe_tells_tracks_in_the_words_of_the_api_model() -> Result<(), Failure> {
    let bench = Bench::new()?;
    let sound_and_pictures = [
        &PICTURES[..],
        &SOUND,
        &[
            "-c:v",
            "libx264",
            "-pix_fmt",
            "yuv420p10le",
            "-metadata:s:a:0",
            "language=eng",
        ],
    ];
    bench
        .make("in", "a.mp4", &sound_and_pictures.concat())
        .await?;
    let answer = probe(&bench, "a.mp4").await?;
    check(
        &answer,
        &[
            ("/Container/Format", json!("mp4")),
            ("/Container/Duration", json!(3.0)),
            ("/Container/Tracks/0/Codec", json!("AVC")),
            ("/Container/Tracks/0/TrackType", json!("video")),
            ("/Container/Tracks/0/Index", json!(1)),
            ("/Container/Tracks/0/VideoProperties/Width", json!(192)),
            ("/Container/Tracks/0/VideoProperties/BitDepth", json!(10)),
            (
                "/Container/Tracks/0/VideoProperties/FrameRate",
                json!({"Denominator": 1, "Numerator": 25}),
            ),
            ("/Container/Tracks/1/Codec", json!("AAC")),
            ("/Container/Tracks/1/AudioProperties/Channels", json!(1)),
            (
                "/Container/Tracks/1/AudioProperties/SampleRate",
                json!(44100),
            ),
            (
                "/Container/Tracks/1/AudioProperties/LanguageCode",
                json!("eng"),
            ),
            ("/Metadata/ETag", json!("0123abcd")),
            ("/Metadata/MimeType", json!("video/mp4")),
            (
                "/TrackMappings/0",
                json!({"AudioTrackIndexes": [2], "DataTrackIndexes": [], "VideoTrackIndexes": [1]}),
            ),
        ],
    );
    assert!(
        answer
            .pointer("/Container/Tracks/0/VideoProperties/Rotation")
            .is_none()
    );
    Ok(())
}

#[tokio::test]
async fn probe_knows_containers_by_content_and_rotation() -> Result<(), Failure> {
    let bench = Bench::new()?;
    let flat = bench
        .make(
            "in",
            "flat.mp4",
            &[&PICTURES[..], &["-t", "0.4", "-c:v", "libx264"]].concat(),
        )
        .await?;
    let flat = flat.to_str().ok_or("no text")?;
    bench
        .make(
            "in",
            "old.mov",
            &["-i", flat, "-c", "copy", "-metadata:s:v:0", "rotate=90"],
        )
        .await?;
    bench
        .make("in", "a.webm", &[&SOUND[..], &["-c:a", "libopus"]].concat())
        .await?;
    bench
        .make("in", "a.mkv", &[&SOUND[..], &["-c:a", "flac"]].concat())
        .await?;
    bench.make("in", "a.wav", &SOUND).await?;
    for (key, format, codec) in [
        ("old.mov", "quicktime", "AVC"),
        ("a.webm", "webm", "OPUS"),
        ("a.mkv", "matroska", "FLAC"),
        ("a.wav", "wave", "PCM"),
    ] {
        let answer = probe(&bench, key).await?;
        check(
            &answer,
            &[
                ("/Container/Format", json!(format)),
                ("/Container/Tracks/0/Codec", json!(codec)),
            ],
        );
    }
    let turned = probe(&bench, "old.mov").await?;
    // ffmpeg writes this tag as a matrix that turns against the clock.
    check(
        &turned,
        &[("/Container/Tracks/0/VideoProperties/Rotation", json!(270))],
    );
    Ok(())
}

#[tokio::test]
async fn probe_refuses_what_is_no_media_file() -> Result<(), Failure> {
    let bench = Bench::new()?;
    let whole = bench.make("in", "whole.mp4", &PICTURES).await?;
    let bytes = std::fs::read(whole)?;
    std::fs::write(
        bench.path("in", "cut.mp4")?,
        bytes.get(..bytes.len() / 2).unwrap_or_default(),
    )?;
    std::fs::write(bench.path("in", "empty.mp4")?, "")?;
    std::fs::write(bench.path("in", "text.mp4")?, "Once upon a time")?;
    std::fs::write(
        bench.path("in", "list.m3u8")?,
        "#EXTM3U\n#EXTINF:3,\nwhole.mp4\n#EXT-X-ENDLIST\n",
    )?;
    for (key, code) in [
        ("cut.mp4", "UnprocessableEntityException"),
        ("empty.mp4", "BadRequestException"),
        ("text.mp4", "BadRequestException"),
        ("list.m3u8", "BadRequestException"),
        ("none.mp4", "NotFoundException"),
    ] {
        assert_eq!(probe(&bench, key).await, Err(code.to_owned()), "{key}");
    }
    Ok(())
}

fn h264(height: u32, bitrate: u32) -> Value {
    json!({
        "Height": height,
        "CodecSettings": {"Codec": "H_264", "H264Settings": {
            "RateControlMode": "QVBR", "MaxBitrate": bitrate, "QualityTuningLevel": "SINGLE_PASS_HQ",
            "QvbrSettings": {"QvbrQualityLevel": 7}, "GopSize": 2.0, "GopSizeUnits": "SECONDS", "SceneChangeDetect": "DISABLED",
        }},
    })
}

fn aac() -> Value {
    let settings =
        json!({"Bitrate": 128_000, "CodingMode": "CODING_MODE_2_0", "SampleRate": 48000});
    json!([{"AudioSourceName": "Audio Selector 1", "CodecSettings": {"Codec": "AAC", "AacSettings": settings}}])
}

fn files(destination: &str, output: &Value) -> Value {
    let settings =
        json!({"Type": "FILE_GROUP_SETTINGS", "FileGroupSettings": {"Destination": destination}});
    json!({"Name": "files", "OutputGroupSettings": settings, "Outputs": [output]})
}

/// All that the pipeline asks for: two rungs, proxy, sound, stream, stills.
fn settings(input: &str) -> Value {
    let mp4 = json!({"Container": "MP4", "Mp4Settings": {"MoovPlacement": "PROGRESSIVE_DOWNLOAD"}});
    let media = |height, rate| json!({"ContainerSettings": mp4, "VideoDescription": h264(height, rate), "AudioDescriptions": aac()});
    let stills = json!({"Codec": "FRAME_CAPTURE", "FrameCaptureSettings": {
        "FramerateNumerator": 1, "FramerateDenominator": 2, "MaxCaptures": 10, "Quality": 80,
    }});
    let track = |modifier, video| {
        json!({
            "NameModifier": modifier, "ContainerSettings": {"Container": "CMFC"}, "VideoDescription": video,
        })
    };
    let stream = json!({
        "OutputGroupSettings": {"Type": "CMAF_GROUP_SETTINGS", "CmafGroupSettings": {
            "Destination": "s3://out/media/j/stream/index", "SegmentLength": 4, "FragmentLength": 2,
            "WriteHlsManifest": "ENABLED", "WriteDashManifest": "ENABLED", "SegmentControl": "SEGMENTED_FILES",
        }},
        "Outputs": [
            track("_72p", h264(72, 200_000)), track("_36p", h264(36, 80_000)),
            {"NameModifier": "_audio", "ContainerSettings": {"Container": "CMFC"}, "AudioDescriptions": aac()},
        ],
    });
    json!({
        "TimecodeConfig": {"Source": "ZEROBASED"},
        "Inputs": [{
            "FileInput": format!("s3://in/{input}"), "TimecodeSource": "ZEROBASED", "VideoSelector": {"Rotate": "AUTO"},
            "AudioSelectors": {"Audio Selector 1": {"DefaultSelection": "DEFAULT"}},
        }],
        "OutputGroups": [
            files("s3://out/media/j/72p", &media(72, 200_000)),
            files("s3://out/media/j/36p", &media(36, 80_000)),
            files("s3://out/media/j/proxy", &media(72, 200_000)),
            files("s3://out/media/j/audio", &json!({"ContainerSettings": mp4, "Extension": "m4a", "AudioDescriptions": aac()})),
            stream,
            files("s3://out/media/j/thumbnails/thumb", &json!({
                "ContainerSettings": {"Container": "RAW"}, "VideoDescription": {"Width": 64, "Height": 36, "CodecSettings": stills},
            })),
        ],
    })
}

fn request(settings: &Value, token: &str) -> Value {
    json!({"Role": "arn:aws:iam::000000000000:role/r", "Settings": settings, "ClientRequestToken": token, "UserMetadata": {"jobId": "j"}})
}

async fn finished(service: &MediaConvert, created: &Value) -> Result<Value, Failure> {
    let id = created
        .pointer("/Job/Id")
        .and_then(Value::as_str)
        .ok_or("no id")?;
    service.jobs.ended(id).await;
    let answer = call(service, "GetJob", json!({"Id": id})).await?;
    Ok(answer.pointer("/Job").cloned().unwrap_or_default())
}

/// Duration, or size, or whatever ffprobe is asked for, of the first stream of a kind.
async fn entry(bench: &Bench, key: &str, stream: &str, entry: &str) -> Result<String, Failure> {
    let path = bench.path("out", key)?;
    let path = path.to_str().ok_or("no text")?;
    let arguments = [
        "-v",
        "error",
        "-select_streams",
        stream,
        "-show_entries",
        entry,
        "-of",
        "csv=p=0:nk=1",
        path,
    ];
    let limits = Limits {
        time: std::time::Duration::from_secs(20),
        output_bytes: 10_000,
    };
    let answer = String::from_utf8(ffmpeg::run(Program::Ffprobe, arguments, limits).await?)?;
    Ok(answer
        .lines()
        .next()
        .unwrap_or_default()
        .trim_end_matches(',')
        .to_owned())
}

#[tokio::test]
async fn a_job_makes_every_output_and_encodes_each_stream_once() -> Result<(), Failure> {
    let bench = Bench::new()?;
    let long = [
        "-f",
        "lavfi",
        "-i",
        "testsrc=size=192x108:rate=25:duration=9",
        "-f",
        "lavfi",
        "-i",
        "sine=duration=9",
    ];
    bench
        .make(
            "in",
            "a.mp4",
            &[&long[..], &["-c:v", "libx264", "-preset", "ultrafast"]].concat(),
        )
        .await?;
    let service = MediaConvert::new(&bench.config());
    let created = call(&service, "CreateJob", request(&settings("a.mp4"), "t")).await?;
    let again = call(&service, "CreateJob", request(&settings("a.mp4"), "t")).await?;
    assert_eq!(created.pointer("/Job/Id"), again.pointer("/Job/Id"));
    let job = finished(&service, &created).await?;
    check(
        &job,
        &[
            ("/Status", json!("COMPLETE")),
            ("/JobPercentComplete", json!(100)),
            ("/UserMetadata/jobId", json!("j")),
            (
                "/OutputGroupDetails/0/OutputDetails/0",
                json!({"DurationInMs": 9000, "VideoDetails": {"WidthInPx": 128, "HeightInPx": 72}}),
            ),
            (
                "/OutputGroupDetails/3/OutputDetails/0",
                json!({"DurationInMs": 9000}),
            ),
        ],
    );
    let written = bench.written();
    let kind = |key: &str| {
        written
            .iter()
            .find(|(name, _)| name == key)
            .map(|(_, kind)| kind.as_str())
    };
    for (key, expected) in [
        ("media/j/72p.mp4", "video/mp4"),
        ("media/j/36p.mp4", "video/mp4"),
        ("media/j/proxy.mp4", "video/mp4"),
        ("media/j/audio.m4a", "audio/mp4"),
        ("media/j/stream/index.m3u8", "application/vnd.apple.mpegurl"),
        ("media/j/stream/index.mpd", "application/dash+xml"),
        (
            "media/j/stream/index_72p.m3u8",
            "application/vnd.apple.mpegurl",
        ),
        ("media/j/stream/index_72pinit.mp4", "video/mp4"),
        ("media/j/stream/index_36p_000000003.m4s", "video/mp4"),
        ("media/j/stream/index_audio_000000001.m4s", "audio/mp4"),
        ("media/j/thumbnails/thumb.0000000.jpg", "image/jpeg"),
        ("media/j/thumbnails/thumb.0000004.jpg", "image/jpeg"),
    ] {
        assert_eq!(kind(key), Some(expected), "{key} in {written:#?}");
    }
    assert_eq!(kind("media/j/thumbnails/thumb.0000005.jpg"), None);
    for (key, stream, wanted, expected) in [
        (
            "media/j/72p.mp4",
            "v",
            "stream=width,height,start_time",
            "128,72,0.000000",
        ),
        (
            "media/j/72p.mp4",
            "a",
            "stream=sample_rate,channels",
            "48000,2",
        ),
        (
            "media/j/stream/index.m3u8",
            "v",
            "stream=codec_name,height,start_time",
            "h264,72,0.000000",
        ),
        (
            "media/j/stream/index.mpd",
            "v",
            "stream=codec_name,height",
            "h264,72",
        ),
        ("media/j/stream/index.mpd", "a", "stream=codec_name", "aac"),
        (
            "media/j/stream/index.mpd",
            "v",
            "format=duration",
            "9.000000",
        ),
        (
            "media/j/thumbnails/thumb.0000000.jpg",
            "v",
            "stream=width,height",
            "64,36",
        ),
    ] {
        assert_eq!(
            entry(&bench, key, stream, wanted).await?,
            expected,
            "{key} {wanted}"
        );
    }
    let text = |key: &str| std::fs::read_to_string(bench.path("out", key)?).map_err(Failure::from);
    let extinf = |text: &str| {
        text.lines()
            .filter(|line| line.starts_with("#EXTINF"))
            .map(ToOwned::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        extinf(&text("media/j/stream/index_72p.m3u8")?),
        [
            "#EXTINF:4.000000,",
            "#EXTINF:4.000000,",
            "#EXTINF:1.000000,"
        ]
    );
    assert_eq!(
        extinf(&text("media/j/stream/index_36p.m3u8")?),
        extinf(&text("media/j/stream/index_72p.m3u8")?)
    );
    let master = text("media/j/stream/index.m3u8")?;
    assert!(
        master.contains("CODECS=\"avc1.4d40")
            && master.contains("RESOLUTION=128x72,FRAME-RATE=25.000,AUDIO="),
        "{master}"
    );
    Ok(())
}

/// The request with one member set; the path's last part may be new.
fn with(pointer: &str, value: Value) -> Value {
    let mut request = request(&settings("a.mp4"), "t");
    let (parent, name) = pointer.rsplit_once('/').unwrap_or_default();
    match request.pointer_mut(parent) {
        Some(Value::Object(members)) => drop(members.insert(name.to_owned(), value)),
        Some(Value::Array(items)) => {
            items.clear();
            items.extend([value]);
        }
        _ => assert_eq!(pointer, "", "no such place"),
    }
    request
}

#[tokio::test]
async fn what_is_not_supported_is_refused_with_its_path() -> Result<(), Failure> {
    let bench = Bench::new()?;
    let service = MediaConvert::new(&bench.config());
    let h264 = "/Settings/OutputGroups/0/Outputs/0/VideoDescription/CodecSettings/H264Settings";
    let video = "/Settings/OutputGroups/0/Outputs/0/VideoDescription";
    let output = "/Settings/OutputGroups/0/Outputs/0";
    let cmaf = "/Settings/OutputGroups/4/OutputGroupSettings/CmafGroupSettings";
    for (place, value, part) in [
        (
            format!("{h264}/Telecine"),
            json!("HARD"),
            "Settings.OutputGroups[0].Outputs[0].VideoDescription.CodecSettings.H264Settings.Telecine",
        ),
        (
            format!("{h264}/RateControlMode"),
            json!("ABR"),
            "OutputGroups[0].Outputs[0].VideoDescription.CodecSettings",
        ),
        (
            format!("{h264}/MaxBitrate"),
            Value::Null,
            "VideoDescription.CodecSettings: H264Settings.MaxBitrate is missing",
        ),
        (format!("{h264}/Invented"), json!(1), "Invented"),
        (
            format!("{video}/VideoPreprocessors"),
            json!({"NoiseReducer": {}}),
            "NoiseReducer",
        ),
        (
            format!("{video}/Height"),
            json!(71),
            "VideoDescription.Height: must be even",
        ),
        (
            format!("{output}/CaptionDescriptions"),
            json!([]),
            "CaptionDescriptions",
        ),
        (
            format!("{output}/ContainerSettings"),
            json!({"Container": "CMFC"}),
            "ContainerSettings.Container",
        ),
        (
            format!("{output}/NameModifier"),
            json!("$dt$"),
            "NameModifier",
        ),
        (
            format!("{cmaf}/SegmentControl"),
            json!("SINGLE_FILE"),
            "SINGLE_FILE is not supported",
        ),
        (format!("{cmaf}/Encryption"), json!({}), "Encryption"),
        (
            format!("{cmaf}/Destination"),
            json!("https://x"),
            "is not of the form s3://bucket/key",
        ),
        (
            "/Settings/OutputGroups/4/Outputs/1/NameModifier".into(),
            json!("_72p"),
            "Outputs[1].NameModifier: outputs of a group need",
        ),
        (
            "/Settings/Inputs/0/InputClippings".into(),
            json!([]),
            "Settings.Inputs[0]",
        ),
        (
            "/Settings/Inputs".into(),
            json!([]),
            "Settings.Inputs: one input",
        ),
        (
            "/Settings/Inputs/0/AudioSelectors".into(),
            json!({}),
            "there is no audio selector",
        ),
        (
            format!("{h264}/FramerateControl"),
            json!("SPECIFIED"),
            "H264Settings.FramerateNumerator",
        ),
        (
            "/Settings/Inputs/0/AudioSelectors/Audio Selector 1".into(),
            json!({"Tracks": [1, 2]}),
            "Settings.Inputs[0].AudioSelectors: one track",
        ),
        (
            "/Settings/OutputGroups".into(),
            json!([]),
            "Settings.OutputGroups: there is none",
        ),
        ("/Settings/AvailBlanking".into(), json!({}), "AvailBlanking"),
        ("/JobTemplate".into(), json!("x"), "JobTemplate"),
        ("/Role".into(), json!(""), "Role"),
        (
            "/ClientRequestToken".into(),
            json!("x".repeat(65)),
            "ClientRequestToken",
        ),
    ] {
        let error = call(&service, "CreateJob", with(&place, value))
            .await
            .err()
            .ok_or_else(|| format!("{place} accepted"))?;
        assert!(
            error.code == "BadRequestException" && error.message.contains(part),
            "{place}: {error}"
        );
    }
    let stills_alone = with(
        "/Settings/OutputGroups/-",
        settings("a.mp4")
            .pointer("/OutputGroups/5")
            .cloned()
            .unwrap_or_default(),
    );
    let error = call(&service, "CreateJob", stills_alone)
        .await
        .err()
        .ok_or("accepted")?;
    assert!(
        error.message.contains("frame captures need another output"),
        "{error}"
    );
    let unknown = call(&service, "DeleteQueue", json!({}))
        .await
        .err()
        .map(|error| error.code);
    assert_eq!(unknown.as_deref(), Some("UnknownOperationException"));
    let listed = call(&service, "ListJobs", json!({})).await?;
    assert_eq!(listed, json!({"Jobs": []}));
    Ok(())
}

#[tokio::test]
async fn a_job_can_be_canceled_until_it_has_ended() -> Result<(), Failure> {
    let bench = Bench::new()?;
    let long = [
        "-f",
        "lavfi",
        "-i",
        "testsrc=size=1280x720:duration=20",
        "-f",
        "lavfi",
        "-i",
        "sine=duration=20",
    ];
    bench
        .make(
            "in",
            "a.mp4",
            &[&long[..], &["-c:v", "libx264", "-preset", "ultrafast"]].concat(),
        )
        .await?;
    let service = MediaConvert::new(&bench.config());
    let request = request(&settings("a.mp4"), "t");
    let created = call(&service, "CreateJob", request.clone()).await?;
    let mut other = request.clone();
    other["ClientRequestToken"] = json!("other");
    let waiting = call(&service, "CreateJob", other).await?;
    let (id, second) = (
        json!({"Id": created["Job"]["Id"]}),
        json!({"Id": waiting["Job"]["Id"]}),
    );
    let is_transcoding = |job: &Job| job.phase.as_deref() == Some("TRANSCODING");
    service
        .jobs
        .wait_for(id["Id"].as_str().ok_or("no id")?, is_transcoding)
        .await;
    let phase = call(&service, "GetJob", id.clone())
        .await?
        .pointer("/Job/CurrentPhase")
        .cloned();
    assert_eq!(phase, Some(json!("TRANSCODING")));
    let status = |answer: &Value| answer.pointer("/Job/Status").cloned();
    assert_eq!(
        status(&call(&service, "GetJob", second.clone()).await?),
        Some(json!("SUBMITTED"))
    );
    for id in [&second, &id] {
        call(&service, "CancelJob", id.clone()).await?;
        assert_eq!(
            status(&call(&service, "GetJob", id.clone()).await?),
            Some(json!("CANCELED"))
        );
        let again = call(&service, "CancelJob", id.clone())
            .await
            .err()
            .map(|error| error.code);
        assert_eq!(again.as_deref(), Some("ConflictException"));
    }
    let canceled = call(
        &service,
        "ListJobs",
        json!({"Status": "CANCELED", "MaxResults": 1}),
    )
    .await?;
    assert_eq!(canceled.pointer("/Jobs/0/Id"), second.get("Id"));
    let unknown = call(&service, "GetJob", json!({"Id": "1-a"}))
        .await
        .err()
        .map(|error| error.code);
    assert_eq!(unknown.as_deref(), Some("NotFoundException"));
    assert_eq!(bench.written(), []);
    Ok(())
}

async fn run(bench: &Bench, groups: Value, key: &str) -> Result<Value, Failure> {
    let service = MediaConvert::new(&bench.config());
    let mut settings = settings(key);
    settings["OutputGroups"] = groups;
    let created = call(&service, "CreateJob", request(&settings, key)).await?;
    finished(&service, &created).await
}

#[tokio::test]
async fn unusual_sources_come_out_as_even_upright_eight_bit_pictures() -> Result<(), Failure> {
    let bench = Bench::new()?;
    let plain = bench
        .make(
            "in",
            "plain.mp4",
            &[
                "-f",
                "lavfi",
                "-i",
                "testsrc=size=192x108:rate=24:duration=1",
                "-c:v",
                "libx264",
            ],
        )
        .await?;
    let plain = plain.to_str().ok_or("no text")?;
    bench
        .make(
            "in",
            "turned.mov",
            &["-i", plain, "-c", "copy", "-metadata:s:v:0", "rotate=90"],
        )
        .await?;
    let odd = "testsrc=size=191x107:rate=30000/1001:duration=1";
    bench
        .make(
            "in",
            "odd.mkv",
            &[
                "-f",
                "lavfi",
                "-i",
                odd,
                "-c:v",
                "ffv1",
                "-pix_fmt",
                "yuv444p10le",
            ],
        )
        .await?;
    let thick = "testsrc=size=96x108:rate=10:duration=1,setsar=2";
    bench
        .make(
            "in",
            "thick.avi",
            &["-f", "lavfi", "-i", thick, "-c:v", "mpeg4", "-an"],
        )
        .await?;
    for (key, size, rate) in [
        ("plain.mp4", "192,108", "24/1"),
        ("turned.mov", "108,192", "24/1"),
        ("odd.mkv", "190,106", "30000/1001"),
        ("thick.avi", "192,108", "10/1"),
    ] {
        let mut video = h264(0, 200_000);
        video.as_object_mut().ok_or("no object")?.remove("Height");
        let output = json!({"ContainerSettings": {"Container": "MP4"}, "VideoDescription": video, "AudioDescriptions": aac()});
        let job = run(&bench, json!([files("s3://out/m/x", &output)]), key).await?;
        assert_eq!(job.get("Status"), Some(&json!("COMPLETE")), "{job:#}");
        let found = entry(
            &bench,
            "m/x.mp4",
            "v",
            "stream=width,height,pix_fmt,r_frame_rate",
        )
        .await?;
        assert_eq!(found, format!("{size},yuv420p,{rate}"), "{key}");
        assert_eq!(
            entry(&bench, "m/x.mp4", "a", "stream=codec_name").await?,
            "",
            "{key}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn shapes_that_differ_get_bars_and_names_come_from_the_input() -> Result<(), Failure> {
    let bench = Bench::new()?;
    bench.make("in", "my film.v1.mp4", &PICTURES).await?;
    let mut video = h264(72, 200_000);
    video["Width"] = json!(72);
    let output = json!({"ContainerSettings": {"Container": "MP4"}, "NameModifier": "-square", "VideoDescription": video});
    let job = run(
        &bench,
        json!([files("s3://out/m/", &output)]),
        "my film.v1.mp4",
    )
    .await?;
    assert_eq!(job.get("Status"), Some(&json!("COMPLETE")), "{job:#}");
    assert_eq!(
        entry(
            &bench,
            "m/my film.v1-square.mp4",
            "v",
            "stream=width,height"
        )
        .await?,
        "72,72"
    );
    Ok(())
}

#[tokio::test]
async fn a_source_that_lacks_what_is_wanted_ends_in_error() -> Result<(), Failure> {
    let bench = Bench::new()?;
    bench.make("in", "sound.m4a", &SOUND).await?;
    bench.make("in", "silent.mp4", &PICTURES).await?;
    std::fs::write(bench.path("in", "text.mp4")?, "Once upon a time")?;
    let mp4 = json!({"Container": "MP4"});
    let pictures = json!({"ContainerSettings": mp4, "VideoDescription": h264(72, 100_000)});
    let sound = json!({"ContainerSettings": mp4, "Extension": "m4a", "AudioDescriptions": aac()});
    for (key, output, expected) in [
        ("sound.m4a", &sound, Ok("COMPLETE")),
        ("sound.m4a", &pictures, Err((1040, "no video track"))),
        ("silent.mp4", &sound, Err((1040, "sound only"))),
        (
            "text.mp4",
            &pictures,
            Err((1010, "unable to open input file s3://in/text.mp4")),
        ),
        ("none.mp4", &pictures, Err((1010, "does not exist"))),
    ] {
        let destination = format!("s3://out/{}", output.to_string().len());
        let service = MediaConvert::new(&bench.config());
        let mut settings = settings(key);
        settings["OutputGroups"] = json!([files(&destination, output)]);
        let job = finished(
            &service,
            &call(
                &service,
                "CreateJob",
                request(&settings, &format!("{key}{destination}")),
            )
            .await?,
        )
        .await?;
        let found = match job.get("ErrorCode") {
            Some(code) => Err((
                code.as_i64(),
                job["ErrorMessage"].as_str().unwrap_or_default(),
            )),
            None => Ok(job["Status"].as_str().unwrap_or_default()),
        };
        match (found, expected) {
            (Ok(found), Ok(expected)) => assert_eq!(found, expected),
            (Err((code, message)), Err((expected, part))) => {
                assert!(
                    code == Some(expected) && message.contains(part),
                    "{key}: {job:#}"
                );
                assert_eq!(job["Status"], "ERROR");
            }
            _ => assert_eq!(job, Value::Null, "{key}: unexpected end"),
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_job_has_the_rights_of_its_role_and_a_probe_those_of_its_caller() -> Result<(), Failure> {
    let bench = Bench::new()?;
    let one_second = [&PICTURES[..], &SOUND, &["-t", "1"]].concat();
    bench.make("in", "a.mp4", &one_second).await?;
    let service = MediaConvert::new(&bench.config());
    for (role, code) in [(NOBODY, 1404), (READER, 3403)] {
        let mut request = request(&settings("a.mp4"), role);
        request["Role"] = json!(format!("arn:aws:iam::000000000000:role/{role}"));
        let created = call(&service, "CreateJob", request).await?;
        let job = finished(&service, &created).await?;
        check(
            &job,
            &[("/Status", json!("ERROR")), ("/ErrorCode", json!(code))],
        );
    }
    let probe = json!({"InputFiles": [{"FileUrl": "s3://in/a.mp4"}]});
    let refused = call_as(NOBODY, &service, "Probe", probe).await;
    let refused = refused.map_err(|error| (error.code, error.status));
    assert_eq!(refused, Err(("ForbiddenException".to_owned(), 403)));
    Ok(())
}
