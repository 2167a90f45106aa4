//! What kind of video it is, and what that means for its analyses.

use std::collections::BTreeMap;

use videoflow_shared::plan::{Analyses, Trait, Video};
use videoflow_shared::profiles::Routing;

/// Below it a video is short: one scene, one chapter.
const SHORT_MS: u64 = 10_000;
/// Short side from which a picture is ultra HD.
const ULTRA_HD_SIDE: u32 = 2160;
/// Short side from which a recording of a screen can be told: smaller ones are often just small.
const SCREENCAST_SIDE: u32 = 720;
/// Bits a pixel and frame below which nothing moves but a pointer: what cameras see has 0.03 and more at the bitrates of
/// video sites, recordings of screens and slides 0.001 to 0.01 (their codecs spend nothing on what stands still).
const SCREENCAST_BITS: f64 = 0.012;
/// Frame rate where the file names none.
const USUAL_FRAME_RATE: f64 = 25.0;

/// What is analysed in a video of its kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// What was noticed.
    pub traits: Vec<Trait>,
    /// What is analysed.
    pub analyses: Analyses,
    /// Analyses that the profile asks for and that are not made, with the reason in words.
    pub omitted: BTreeMap<String, String>,
}

/// The route of a video of `size_bytes`.
pub fn route(video: &Video, size_bytes: u64, wanted: Analyses, routing: Routing) -> Route {
    let mut route = Route {
        traits: traits(video, size_bytes),
        analyses: wanted,
        omitted: BTreeMap::new(),
    };
    if wanted.transcription && !video.has_audio {
        route.analyses.transcription = false;
        route.omit("transcription", "The video has no sound.");
    }
    if routing == Routing::Fixed {
        return route;
    }
    // Only beside the analysis that is sure to find something: a brief needs something to stand on. A short video keeps
    // them all: nobody knows whether it has speech, and ten seconds cost a cent.
    if route.is(Trait::Screencast) && route.analyses.labels && route.analyses.meaning {
        route.analyses.labels = route.analyses.moderation;
        if !route.analyses.labels {
            let reason = "A recording of a screen: labels of it would say \"computer\". What can be read in it was analysed.";
            route.omit("labels", reason);
        }
    }
    route
}

impl Route {
    fn is(&self, one: Trait) -> bool {
        self.traits.contains(&one)
    }

    fn omit(&mut self, analysis: &str, reason: &str) {
        self.omitted.insert(analysis.to_owned(), reason.to_owned());
    }
}

fn traits(video: &Video, size_bytes: u64) -> Vec<Trait> {
    let short_side = video.width.min(video.height);
    let noticed = [
        (Trait::Silent, !video.has_audio),
        (Trait::Short, video.duration_ms < SHORT_MS),
        (Trait::Portrait, video.height > video.width),
        (Trait::UltraHd, short_side >= ULTRA_HD_SIDE),
        (Trait::Screencast, is_screencast(video, size_bytes)),
    ];
    let noticed = noticed.into_iter().filter(|(_, is_so)| *is_so);
    noticed.map(|(one, _)| one).collect()
}

/// By how few bits the file spends: the only thing that Probe tells of what is to be seen.
#[expect(
    clippy::cast_precision_loss,
    reason = "sizes and durations of files are far below 2^52"
)]
fn is_screencast(video: &Video, size_bytes: u64) -> bool {
    let rate = if video.frame_rate > 0.0 {
        video.frame_rate
    } else {
        USUAL_FRAME_RATE
    };
    let pixels = f64::from(video.width) * f64::from(video.height);
    let frames = rate * video.duration_ms as f64 / 1000.0;
    let bits = size_bytes as f64 * 8.0;
    video.width.min(video.height) >= SCREENCAST_SIDE && bits < pixels * frames * SCREENCAST_BITS
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::tests::video;

    const ALL: Analyses = Analyses {
        labels: true,
        moderation: true,
        transcription: true,
        meaning: true,
    };

    /// What is analysed (labels, moderation, transcription, meaning) and what is left out.
    fn check(
        video: &Video,
        size_bytes: u64,
        wanted: Analyses,
        analysed: [bool; 4],
        omitted: &[&str],
    ) {
        let route = route(video, size_bytes, wanted, Routing::ByContent);
        let found = route.analyses;
        let found = [
            found.labels,
            found.moderation,
            found.transcription,
            found.meaning,
        ];
        let left: Vec<&str> = route.omitted.keys().map(String::as_str).collect();
        assert_eq!((found, left.as_slice()), (analysed, omitted), "{video:?}");
    }

    fn check_traits(video: &Video, size_bytes: u64, expected: &[Trait]) {
        assert_eq!(traits(video, size_bytes), expected, "{video:?}");
    }

    /// Bytes of a video that spends so many bits a pixel and frame.
    fn spending(video: &Video, millibits: u64) -> u64 {
        let frames = 25 * video.duration_ms / 1000;
        u64::from(video.width) * u64::from(video.height) * frames * millibits / 8000
    }

    #[test]
    fn tells_videos_apart_by_what_probe_says() {
        let usual = video();
        check_traits(&usual, spending(&usual, 30), &[]);
        let short = Video {
            duration_ms: 9_999,
            ..video()
        };
        check_traits(&short, spending(&short, 30), &[Trait::Short]);
        let upright = Video {
            width: 1080,
            height: 1920,
            ..video()
        };
        check_traits(&upright, spending(&upright, 30), &[Trait::Portrait]);
        let large = Video {
            width: 3840,
            height: 2160,
            has_audio: false,
            ..video()
        };
        check_traits(
            &large,
            spending(&large, 30),
            &[Trait::Silent, Trait::UltraHd],
        );
        check_traits(&usual, spending(&usual, 11), &[Trait::Screencast]);
        check_traits(&usual, spending(&usual, 13), &[]);
        let small = Video {
            width: 640,
            height: 360,
            ..video()
        };
        check_traits(&small, 1, &[]);
    }

    #[test]
    fn leaves_out_what_brings_nothing() {
        let usual = video();
        let many = spending(&usual, 30);
        check(&usual, many, ALL, [true; 4], &[]);
        let silent = Video {
            has_audio: false,
            ..video()
        };
        check(
            &silent,
            many,
            ALL,
            [true, true, false, true],
            &["transcription"],
        );
        let short = Video {
            duration_ms: 5_000,
            ..video()
        };
        check(&short, many, ALL, [true; 4], &[]);
        let unmoderated = Analyses {
            moderation: false,
            ..ALL
        };
        check(
            &usual,
            1,
            unmoderated,
            [false, false, true, true],
            &["labels"],
        );
    }

    #[test]
    fn moderation_is_never_left_out_nor_the_last_analysis() {
        let usual = video();
        check(&usual, 1, ALL, [true; 4], &[]);
        let only_meaning = Analyses {
            labels: false,
            moderation: false,
            transcription: false,
            ..ALL
        };
        let short = Video {
            duration_ms: 5_000,
            ..video()
        };
        check(&short, 1, only_meaning, [false, false, false, true], &[]);
        let only_labels = Analyses {
            meaning: false,
            moderation: false,
            transcription: false,
            ..ALL
        };
        check(&usual, 1, only_labels, [true, false, false, false], &[]);
    }

    #[test]
    fn a_fixed_profile_gets_what_it_asks_for() {
        let route = route(&video(), 1, ALL, Routing::Fixed);
        assert_eq!((route.analyses, route.omitted.len()), (ALL, 0));
    }
}
