//! Streams whose renditions the service chooses.

use super::*;

/// The pipeline's job with an automated stream of a source.
fn automated(input: &str, bounds: &Value) -> Value {
    let mut settings = settings(input);
    let group = &mut settings["OutputGroups"][4];
    let sound = group["Outputs"][2].clone();
    let codec = json!({"Codec": "H_264", "H264Settings": {
        "RateControlMode": "QVBR", "QualityTuningLevel": "MULTI_PASS_HQ", "GopSize": 2.0, "GopSizeUnits": "SECONDS",
    }});
    let video = json!({
        "NameModifier": "_video", "ContainerSettings": {"Container": "CMFC"},
        "VideoDescription": {"Width": 1280, "Height": 720, "CodecSettings": codec},
    });
    group["AutomatedEncodingSettings"] = json!({"AbrSettings": bounds});
    group["Outputs"] = json!([video, sound]);
    settings
}

fn bounds() -> Value {
    json!({"MaxRenditions": 3, "MaxAbrBitrate": 900_000, "MinAbrBitrate": 150_000})
}

#[tokio::test]
async fn an_automated_stream_has_renditions_of_its_own_and_files_keep_the_ladder()
-> Result<(), Failure> {
    let bench = Bench::new()?;
    let pictures = "testsrc=size=640x360:rate=25:duration=5";
    let source = [
        "-f", "lavfi", "-i", pictures, "-f", "lavfi", "-i", "sine=d=5",
    ];
    let encoded = [&source[..], &["-c:v", "libx264", "-preset", "ultrafast"]].concat();
    bench.make("in", "a.mp4", &encoded).await?;
    let service = MediaConvert::new(&bench.config());
    let request = request(&automated("a.mp4", &bounds()), "t");
    let created = call(&service, "CreateJob", request).await?;
    let job = finished(&service, &created).await?;
    assert_eq!(job["Status"], "COMPLETE", "{job:#}");
    let details = &job["OutputGroupDetails"][4]["OutputDetails"];
    assert_eq!(details.as_array().map(Vec::len), Some(4), "{details:#}");
    let master = std::fs::read_to_string(bench.path("out", "media/j/stream/index.m3u8")?)?;
    // Never larger than the source, whatever the settings allow.
    for resolution in ["640x360", "480x270", "320x180"] {
        assert!(
            master.contains(&format!("RESOLUTION={resolution}")),
            "{master}"
        );
    }
    assert_eq!(master.matches("#EXT-X-STREAM-INF").count(), 3, "{master}");
    let heights = entry(
        &bench,
        "media/j/stream/index.mpd",
        "v",
        "stream=codec_name,height",
    );
    assert_eq!(heights.await?, "h264,360");
    let file = entry(&bench, "media/j/72p.mp4", "v", "stream=height").await?;
    assert_eq!(file, "72");
    Ok(())
}

#[tokio::test]
async fn what_automated_abr_cannot_do_is_refused() -> Result<(), Failure> {
    let bench = Bench::new()?;
    let service = MediaConvert::new(&bench.config());
    let video = "/OutputGroups/4/Outputs/0/VideoDescription";
    let codec = format!("{video}/CodecSettings/H264Settings");
    let second = settings("a.mp4")["OutputGroups"][4]["Outputs"][1].clone();
    for (place, value, part) in [
        (
            "/OutputGroups/4/AutomatedEncodingSettings/AbrSettings/MaxRenditions".to_owned(),
            json!(2),
            "from 3 to 15",
        ),
        (
            "/OutputGroups/4/AutomatedEncodingSettings/AbrSettings/MaxRenditions".to_owned(),
            json!(16),
            "from 3 to 15",
        ),
        (
            "/OutputGroups/4/AutomatedEncodingSettings/AbrSettings/MinAbrBitrate".to_owned(),
            json!(99_999),
            "from 100000",
        ),
        (
            "/OutputGroups/4/AutomatedEncodingSettings/AbrSettings/MinAbrBitrate".to_owned(),
            json!(900_001),
            "no higher",
        ),
        (
            format!("{codec}/QualityTuningLevel"),
            json!("SINGLE_PASS_HQ"),
            "needs MULTI_PASS_HQ",
        ),
        (
            format!("{codec}/RateControlMode"),
            json!("VBR"),
            "needs MULTI_PASS_HQ with QVBR",
        ),
        (
            "/OutputGroups/4/Outputs/1".to_owned(),
            second,
            "one output with pictures",
        ),
    ] {
        let mut settings = automated("a.mp4", &bounds());
        let member = settings.pointer_mut(&place).ok_or("no such place")?;
        *member = value;
        let refused = call(&service, "CreateJob", request(&settings, "t")).await;
        let message = refused.err().map(|error| error.message).unwrap_or_default();
        assert!(message.contains(part), "{place}: {message}");
    }
    let mut mixed = automated("a.mp4", &bounds());
    let ladder = settings("a.mp4")["OutputGroups"][4].clone();
    mixed["OutputGroups"]
        .as_array_mut()
        .ok_or("no groups")?
        .push(ladder);
    let refused = call(&service, "CreateJob", request(&mixed, "t")).await;
    let message = refused.err().map(|error| error.message).unwrap_or_default();
    assert!(message.contains("all need it"), "{message}");
    Ok(())
}
