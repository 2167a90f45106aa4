use serde::de::DeserializeOwned;

use super::*;
use crate::brief::{Entity, EntityType, PersonKind};

fn sample<T: DeserializeOwned>(text: &str) -> T {
    serde_json::from_str(text).unwrap_or_else(|error| unreachable!("{error}"))
}

/// Brief and transcript of the sample, with text that wants to be markup everywhere.
fn hostile() -> (Brief, Transcript) {
    let evil = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\\\"'`*[x](javascript:alert(3))";
    let evil = serde_json::to_string(evil).unwrap_or_default();
    let change = |text: &str| {
        let mut text = text.to_owned();
        for plain in [
            "Espresso",
            "John Dashwood weighs what he can do for them",
            "A man not ill disposed",
            "character",
            "FALCON <9>",
        ] {
            text = text.replace(&format!("\"{plain}\""), &evil);
        }
        text
    };
    (
        sample(&change(include_str!("../../../samples/brief.json"))),
        sample(include_str!("../../../samples/transcript.json")),
    )
}

#[test]
fn text_from_outside_stays_text() {
    let (mut brief, mut transcript) = hostile();
    for segment in &mut transcript.segments {
        segment
            .words
            .iter_mut()
            .for_each(|word| word.text = "</script><b>".into());
        segment.text = "</p><script>alert(4)</script>".into();
        segment.speaker = Some("<u>".into());
    }
    if let Some(first) = transcript.segments.first_mut() {
        first.speaker = Some("<b></b>".into());
    }
    brief.entities = vec![Entity {
        text: "<u>".into(),
        r#type: EntityType::Place,
        instances: Vec::new(),
    }];
    for person in &mut brief.people {
        person.kind = PersonKind::Speaker;
        person.display_name = None;
    }
    let twin = brief.people.first().cloned();
    brief.people.extend(twin);
    brief.source.key = "<u>/<u>".into();
    brief
        .provenance
        .state_machine_version_arns
        .insert("<u>".into(), "<u>".into());
    let page = Page {
        brief: &brief,
        transcript: Some(&transcript),
        pictures: &[],
        stills: None,
    };
    let html = html(&page);
    assert!(html.contains("Speaker 1"), "speakers have rows and lines");
    assert_eq!(html.matches("<script").count(), 2, "the cues and ours");
    assert_eq!(html.matches("</script>").count(), 2);
    for bad in [
        "onerror=alert(2)>",
        "<b></b>",
        "<u>",
        "<i>himself",
        "href=\"javascript",
    ] {
        assert!(!html.contains(bad), "{bad}");
    }
    let markdown = markdown(&page);
    assert!(!markdown.replace("\\<", "").contains('<'), "{markdown}");
    assert!(
        !markdown.replace("\\]", "").contains("](javascript"),
        "{markdown}"
    );
}

#[test]
fn nothing_is_fetched_from_outside() {
    let brief: Brief = sample(include_str!("../../../samples/brief.json"));
    let html = html(&Page {
        brief: &brief,
        transcript: None,
        pictures: &[],
        stills: None,
    });
    assert!(
        !html.contains("http:") && !html.contains("https:") && !html.contains("url("),
        "an address"
    );
    assert!(html.contains("default-src 'none'"));
}

#[test]
fn media_is_found_as_published_and_as_exported() {
    let check =
        |key: &str, expected: [&str; 2]| assert_eq!(candidates(&S3Uri::new("out", key)), expected);
    check(
        "media/v-1/720p.mp4",
        ["../../media/v-1/720p.mp4", "media/720p.mp4"],
    );
    check(
        "media/v-1/stream/index.m3u8",
        [
            "../../media/v-1/stream/index.m3u8",
            "media/stream/index.m3u8",
        ],
    );
    check(
        "media/v-1/a b\"<.mp4",
        ["../../media/v-1/a%20b%22%3C.mp4", "media/a%20b%22%3C.mp4"],
    );
    assert_eq!(
        beside(&S3Uri::new("out", "published/v-1/subtitles/en-US.vtt")),
        "subtitles/en-US.vtt"
    );
}

#[test]
fn plays_the_highest_up_to_720_lines() {
    let check = |heights: &[u32], expected: Option<u32>| {
        let mut brief: Brief = sample(include_str!("../../../samples/brief.json"));
        brief
            .renditions
            .retain(|one| one.kind != RenditionKind::Mp4);
        let uri = S3Uri::new("out", "media/v-1/x.mp4");
        brief
            .renditions
            .extend(heights.iter().map(|height| super::super::Rendition {
                kind: RenditionKind::Mp4,
                uri: uri.clone(),
                width: Some(1),
                height: Some(*height),
                bitrate: None,
            }));
        assert_eq!(
            played(&brief).and_then(|one| one.height),
            expected,
            "{heights:?}"
        );
    };
    check(&[1080, 720, 360], Some(720));
    check(&[2160, 1080], Some(1080));
    check(&[], None);
}

#[test]
fn pictures_are_set_in_or_linked() {
    let brief: Brief = sample(include_str!("../../../samples/brief.json"));
    let linked = html(&Page {
        brief: &brief,
        transcript: None,
        pictures: &[],
        stills: None,
    });
    assert!(linked.contains("data-other=\"media/thumbnails/thumb.0000001.jpg\""));
    let uri = brief
        .chapters
        .first()
        .and_then(|chapter| chapter.keyframe_uri.clone());
    let pictures: Vec<Picture> = uri
        .into_iter()
        .map(|uri| Picture {
            uri,
            base64: "QUJD".into(),
        })
        .collect();
    let set = html(&Page {
        brief: &brief,
        transcript: None,
        pictures: &pictures,
        stills: None,
    });
    assert!(set.contains("src=\"data:image/jpeg;base64,QUJD\""));
}

#[test]
fn labels_that_only_generalise_are_left_out() {
    let mut brief: Brief = sample(include_str!("../../../samples/brief.json"));
    let names = |brief: &Brief| {
        telling(brief)
            .map(|label| label.name.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        names(&brief),
        ["Espresso", "Egyptian cat", "Missile", "Cup"]
    );
    brief
        .labels
        .iter_mut()
        .filter(|label| label.name == "Missile")
        .for_each(|label| label.name = "Cat".into());
    assert_eq!(names(&brief), ["Espresso", "Egyptian cat", "Cup"]);
}

#[test]
fn times_read_like_clocks() {
    let check = |ms: u64, expected: &str| assert_eq!(clock(ms), expected);
    check(0, "0:00");
    check(59_999, "0:59");
    check(61_000, "1:01");
    check(3_600_000, "1:00:00");
    check(36_061_000, "10:01:01");
}

#[test]
fn markup_is_escaped() {
    assert_eq!(
        escaped("<a href=\"x\" onclick='y'>&\u{0}\n"),
        "&lt;a href=&quot;x&quot; onclick=&#39;y&#39;&gt;&amp;\n"
    );
}

/// Four hours: 4,000 lines of ten words, 300 chapters' worth of bars, pictures up to their limit.
#[test]
fn four_hours_make_a_page_below_three_megabytes() {
    let mut brief: Brief = sample(include_str!("../../../samples/brief.json"));
    let mut transcript: Transcript = sample(include_str!("../../../samples/transcript.json"));
    let line = transcript.segments.first().cloned();
    transcript.segments = (0..4000)
        .zip(std::iter::repeat(line).flatten())
        .map(|(number, mut line)| {
            line.id = format!("s{}", number + 1);
            (line.start_ms, line.end_ms) = (number * 3600, number * 3600 + 3000);
            line.text = "words that somebody says in this one sentence, ten of them".to_owned();
            line.words.truncate(10);
            line
        })
        .collect();
    brief.source.duration_ms = 14_400_000;
    for label in &mut brief.labels {
        let range = crate::labels::TimeRange {
            start_ms: 0,
            end_ms: 900,
            confidence: 0.9,
        };
        let at = |number: u64| crate::labels::TimeRange {
            start_ms: number * 5000,
            end_ms: number * 5000 + 900,
            ..range
        };
        label.instances = (0..2000).map(at).collect();
    }
    let uri = S3Uri::new("out", "media/v-1/thumbnails/thumb.0000001.jpg");
    let pictures = [Picture {
        uri: uri.clone(),
        base64: "A".repeat(1024 * 1024),
    }];
    brief
        .chapters
        .iter_mut()
        .for_each(|chapter| chapter.keyframe_uri = Some(uri.clone()));
    brief.chapters.truncate(1);
    let page = html(&Page {
        brief: &brief,
        transcript: Some(&transcript),
        pictures: &pictures,
        stills: None,
    });
    assert!(page.len() < 3_000_000, "{} bytes", page.len());
    let bars = page.matches("<rect").count();
    assert!(bars < 2000, "{bars} bars: near ones are one");
}

#[test]
fn right_to_left_languages_turn_the_page() {
    let check = |language: &str, expected: &str| {
        let mut brief: Brief = sample(include_str!("../../../samples/brief.json"));
        brief.language.code = language.to_owned();
        let page = html(&Page {
            brief: &brief,
            transcript: None,
            pictures: &[],
            stills: None,
        });
        assert!(
            page.contains(&format!("<html lang=\"en\" dir=\"{expected}\">")),
            "{language}"
        );
        assert!(
            page.contains(&format!("<h1 lang=\"{language}\" dir=\"auto\">")),
            "{language}"
        );
    };
    check("ar-SA", "rtl");
    check("he", "rtl");
    check("en-US", "ltr");
    check("zh-CN", "ltr");
}

#[test]
fn the_policy_allows_no_styles_in_attributes() {
    let (brief, transcript) = hostile();
    let page = html(&Page {
        brief: &brief,
        transcript: Some(&transcript),
        pictures: &[],
        stills: None,
    });
    assert!(
        !page.contains(" style=") && !page.contains("unsafe"),
        "a style in an attribute"
    );
    assert!(page.contains("style-src 'sha256-") && page.contains("script-src 'sha256-"));
}
