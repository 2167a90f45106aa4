//! How loud the sound comes out, by ffmpeg's own measure.

use super::*;

/// Sound as loud as the pipeline asks for.
fn normalised() -> Value {
    let mut sound = aac();
    sound[0]["AudioNormalizationSettings"] = json!({
        "Algorithm": "ITU_BS_1770_4", "AlgorithmControl": "CORRECT_AUDIO", "CorrectionGateLevel": -50,
        "LoudnessLogging": "DONT_LOG", "PeakCalculation": "TRUE_PEAK", "TargetLkfs": -16.0, "TruePeakLimiterThreshold": -1.0,
    });
    sound
}

/// Loudness and true peak of an object.
async fn level(bench: &Bench, key: &str) -> Result<(f64, f64), Failure> {
    let path = bench.path("out", key)?;
    let path = path.to_str().ok_or("no text")?;
    let measure = [
        "-i",
        path,
        "-af",
        "ebur128=peak=true:framelog=verbose",
        "-f",
        "null",
        "-",
    ];
    let said = ffmpeg::report(measure, std::time::Duration::from_secs(20)).await?;
    let number = |name: &str| {
        let mut lines = said.lines().rev().map(str::trim);
        let line = lines.find_map(|line| line.strip_prefix(name))?;
        line.split_whitespace().next()?.parse::<f64>().ok()
    };
    Ok((
        number("I:").ok_or("no loudness")?,
        number("Peak:").ok_or("no peak")?,
    ))
}

/// A source's sound (ffmpeg's `lavfi`) comes out at a loudness.
async fn check(bench: &Bench, source: &str, expected: f64) -> Result<(), Failure> {
    let key = format!("{}.mkv", source.len());
    let make = [&["-f", "lavfi", "-i", source][..], &["-c:a", "flac"]].concat();
    bench.make("in", &key, &make).await?;
    let output = json!({"ContainerSettings": {"Container": "MP4"}, "Extension": "m4a", "AudioDescriptions": normalised()});
    let job = run(bench, json!([files("s3://out/x", &output)]), &key).await?;
    assert_eq!(job["Status"], "COMPLETE", "{source}: {job:#}");
    let (loudness, peak) = level(bench, "x.m4a").await?;
    assert!(
        (loudness - expected).abs() < 1.5,
        "{source}: {loudness} LUFS"
    );
    // The codec itself moves peaks a little.
    assert!(peak < -0.5, "{source}: {peak} dBFS");
    assert_eq!(
        entry(
            bench,
            "x.m4a",
            "a",
            "stream=sample_rate,channels,start_time"
        )
        .await?,
        "48000,2,0.000000",
        "{source}"
    );
    Ok(())
}

#[tokio::test]
async fn sound_comes_out_as_loud_as_the_settings_want() -> Result<(), Failure> {
    let bench = Bench::new()?;
    let wanted = -16.0;
    // Soft, loud, soft with short peaks that the gain lifts too high, in one channel, and in six.
    check(&bench, "sine=440:d=5,volume=0.2", wanted).await?;
    check(&bench, "anoisesrc=c=pink:a=1:d=5:seed=1", wanted).await?;
    let peaks = "aevalsrc='0.1*sin(2764*t)+0.8*sin(2764*t)*lt(mod(t,1),0.02)':d=5";
    check(&bench, peaks, wanted).await?;
    let six = "aevalsrc='0.1*sin(2764*t)|0.1*sin(1382*t)|0.2*sin(691*t)|0|0.05*sin(9000*t)|0.05*sin(7000*t)':c=5.1:d=5";
    check(&bench, six, wanted).await
}

#[tokio::test]
async fn silence_and_noise_are_not_made_loud() -> Result<(), Failure> {
    let bench = Bench::new()?;
    check(&bench, "anullsrc=r=44100:cl=mono,atrim=end=3", -70.0).await?;
    check(&bench, "anoisesrc=c=white:a=0.0025:d=3:seed=1", -55.0).await
}

#[tokio::test]
async fn a_measured_sound_stays_as_loud_as_it_is() -> Result<(), Failure> {
    let bench = Bench::new()?;
    bench.make("in", "a.wav", &SOUND).await?;
    let mut sound = normalised();
    sound[0]["AudioNormalizationSettings"]["AlgorithmControl"] = json!("MEASURE_ONLY");
    let mp4 = json!({"Container": "MP4"});
    let output = json!({"ContainerSettings": mp4, "Extension": "m4a", "AudioDescriptions": sound});
    run(&bench, json!([files("s3://out/kept", &output)]), "a.wav").await?;
    sound[0]["AudioNormalizationSettings"]["Algorithm"] = json!("ITU_BS_1770_1");
    let output = json!({"ContainerSettings": mp4, "Extension": "m4a", "AudioDescriptions": sound});
    let service = MediaConvert::new(&bench.config());
    let mut settings = settings("a.wav");
    settings["OutputGroups"] = json!([files("s3://out/x", &output)]);
    let refused = call(&service, "CreateJob", request(&settings, "t")).await;
    let message = refused.err().map(|error| error.message).unwrap_or_default();
    assert!(message.contains("ITU_BS_1770_1"), "{message}");
    let (loudness, _) = level(&bench, "kept.m4a").await?;
    assert!((-23.0..-19.0).contains(&loudness), "{loudness}");
    Ok(())
}
