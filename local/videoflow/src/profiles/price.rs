//! What a profile costs, by the price table.

use videoflow_shared::plan::Rung;
use videoflow_shared::prices::{Line, Outlook, bill, predict};
use videoflow_shared::profiles::Profile;

/// Frames a second of a usual video.
const FRAME_RATE: f64 = 30.0;
/// Lines of a usual video.
const LINES: u32 = 1080;

/// The bill for so many minutes of a usual video: 1920x1080, 30 pictures a second, with sound.
pub fn price(profile: &Profile, minutes: f64) -> Vec<Line> {
    let heights = profile.ladder_heights.iter().copied();
    let ladder: Vec<Rung> = heights.filter(|side| *side <= LINES).map(rung).collect();
    let usage = predict(&Outlook {
        seconds: minutes * 60.0,
        frame_rate: FRAME_RATE,
        ladder: &ladder,
        streaming: profile.streaming,
        has_audio: true,
        analyses: profile.analyses,
    });
    bill(&usage).lines
}

/// A rung of 16:9. Prices go by sizes, not by bitrates.
fn rung(height: u32) -> Rung {
    Rung {
        height,
        width: height * 16 / 9,
        bitrate: 0,
    }
}

#[cfg(test)]
mod tests {
    use videoflow_shared::profiles::{find, names};

    use super::*;

    fn total(name: &str, minutes: f64) -> f64 {
        let profile = find(name).unwrap_or_else(|| unreachable!("{name}"));
        price(profile, minutes)
            .iter()
            .map(|line| line.amount_usd)
            .sum()
    }

    #[test]
    fn the_longest_video_of_a_profile_is_within_its_limit() {
        for name in names() {
            let profile = find(name).unwrap_or_else(|| unreachable!("{name}"));
            let minutes = f64::from(profile.maximum_duration_seconds) / 60.0;
            let total = total(name, minutes);
            assert!(total <= profile.price_limit_usd, "{name}: {total} USD");
        }
    }

    #[test]
    fn lean_is_cheapest() {
        for name in names() {
            assert!(total("lean", 10.0) <= total(name, 10.0), "{name}");
        }
    }
}
