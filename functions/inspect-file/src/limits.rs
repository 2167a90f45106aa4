//! What the analyses take, held against what they will be given: the proxy and the sound, not the source.

use videoflow_shared::plan::{Analyses, Rung, Video, proxy_rung};

use crate::verdict::{Code, Rejection};

/// Bits a second of the sound beside the proxy's picture, and of the sound alone.
const SOUND_BITRATE: u64 = 128_000;

/// What an analysis takes.
struct Limits {
    /// As people call it.
    name: &'static str,
    longest_minutes: u64,
    largest_bytes: u64,
    /// Whether it is given the sound alone.
    is_of_sound: bool,
}

/// Rekognition's stored video: 6 hours, 10 GB (Rekognition's guidelines and quotas).
const LABELS: Limits = Limits {
    name: "label detection",
    longest_minutes: 360,
    largest_bytes: 10 << 30,
    is_of_sound: false,
};
/// As labels: each is a job of its own.
const MODERATION: Limits = Limits {
    name: "content moderation",
    ..LABELS
};
/// Transcribe's batch jobs: 4 hours, 2 GB (Transcribe's guidelines and quotas).
const TRANSCRIPTION: Limits = Limits {
    name: "speech recognition",
    longest_minutes: 240,
    largest_bytes: 2 << 30,
    is_of_sound: true,
};
/// Data Automation's video: 240 minutes, 10,240 MB (Bedrock's quotas).
const MEANING: Limits = Limits {
    name: "the analysis of chapters and topics",
    longest_minutes: 240,
    largest_bytes: 10_240 * 1_000_000,
    is_of_sound: false,
};

/// Refuses a video that one of its analyses would refuse, after it was paid for.
///
/// # Errors
/// The rejection.
pub fn judge(video: &Video, ladder: &[Rung], analyses: Analyses) -> Result<(), Rejection> {
    let wanted = [
        (analyses.labels, LABELS),
        (analyses.moderation, MODERATION),
        (analyses.transcription, TRANSCRIPTION),
        (analyses.meaning, MEANING),
    ];
    for (_, limits) in wanted.iter().filter(|(is_wanted, _)| *is_wanted) {
        judge_one(video, ladder, limits)?;
    }
    Ok(())
}

fn judge_one(video: &Video, ladder: &[Rung], limits: &Limits) -> Result<(), Rejection> {
    let name = limits.name;
    if video.duration_ms > limits.longest_minutes * 60_000 {
        let (minutes, limit) = (video.duration_ms.div_ceil(60_000), limits.longest_minutes);
        return Err(Rejection {
            code: Code::TooLong,
            message: format!(
                "The video lasts {minutes} minutes; {name} takes {limit}. Cut it into parts, or ask for a profile without it."
            ),
        });
    }
    let bytes = bytes(video, ladder, limits);
    if bytes > limits.largest_bytes {
        let (gigabytes, limit) = (bytes.div_ceil(1 << 30), limits.largest_bytes >> 30);
        return Err(Rejection {
            code: Code::TooLarge,
            message: format!(
                "The copy that {name} watches would have up to {gigabytes} GB; it takes {limit}. Cut the video into parts, \
                 or ask for a profile without it."
            ),
        });
    }
    Ok(())
}

/// Most bytes of what the analysis is given: no second has more than the rung's bitrate.
fn bytes(video: &Video, ladder: &[Rung], limits: &Limits) -> u64 {
    let picture = proxy_rung(ladder).filter(|_| !limits.is_of_sound);
    let picture = picture.map_or(0, |rung| u64::from(rung.bitrate));
    (picture + SOUND_BITRATE).saturating_mul(video.duration_ms) / 8000
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::tests::video;

    const NONE: Analyses = Analyses {
        labels: false,
        moderation: false,
        transcription: false,
        meaning: false,
    };

    fn check(duration_ms: u64, bitrate: u32, analyses: Analyses, expected: Option<Code>) {
        let video = Video {
            duration_ms,
            ..video()
        };
        let rung = Rung {
            height: 720,
            width: 1280,
            bitrate,
        };
        let verdict = judge(&video, &[rung], analyses);
        let code = verdict.err().map(|rejection| rejection.code);
        assert_eq!(code, expected, "{duration_ms} ms at {bitrate} bit/s");
    }

    #[test]
    fn each_analysis_has_its_own_longest_video() {
        let minutes = |minutes: u64| minutes * 60_000;
        for (analyses, limit) in [
            (
                Analyses {
                    labels: true,
                    ..NONE
                },
                360,
            ),
            (
                Analyses {
                    moderation: true,
                    ..NONE
                },
                360,
            ),
            (
                Analyses {
                    transcription: true,
                    ..NONE
                },
                240,
            ),
            (
                Analyses {
                    meaning: true,
                    ..NONE
                },
                240,
            ),
            (
                Analyses {
                    labels: true,
                    meaning: true,
                    ..NONE
                },
                240,
            ),
        ] {
            check(minutes(limit), 1_000_000, analyses, None);
            check(minutes(limit) + 1, 1_000_000, analyses, Some(Code::TooLong));
        }
        check(minutes(10_000), 1_000_000, NONE, None);
    }

    #[test]
    fn the_proxy_has_to_fit_not_the_source() {
        let hour = 3_600_000;
        // 10 GiB in an hour, sound included.
        let most = u32::try_from((10_u64 << 30) * 8 / 3600 - SOUND_BITRATE).unwrap_or(u32::MAX);
        let labels = Analyses {
            labels: true,
            ..NONE
        };
        check(hour, most, labels, None);
        check(hour, most + 2, labels, Some(Code::TooLarge));
        let meaning = Analyses {
            meaning: true,
            ..NONE
        };
        check(hour, most, meaning, Some(Code::TooLarge));
        let transcription = Analyses {
            transcription: true,
            ..NONE
        };
        check(hour, u32::MAX, transcription, None);
    }
}
