//! The stations on standard error: live bars on a terminal, one line a change elsewhere.

use std::collections::HashMap;
use std::io::IsTerminal;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use videoflow_platform::step_functions::Station;

/// How often the spinners turn.
const TICK: Duration = Duration::from_millis(120);

/// Shows where a job stands.
pub struct Display {
    begun: Instant,
    surface: Surface,
}

enum Surface {
    Terminal {
        bars: MultiProgress,
        by_arn: HashMap<String, ProgressBar>,
    },
    Lines {
        shown: HashMap<String, String>,
    },
}

impl Display {
    /// A display for this standard error.
    pub fn new() -> Self {
        let surface = if std::io::stderr().is_terminal() {
            Surface::Terminal {
                bars: MultiProgress::new(),
                by_arn: HashMap::new(),
            }
        } else {
            Surface::Lines {
                shown: HashMap::new(),
            }
        };
        Self {
            begun: Instant::now(),
            surface,
        }
    }

    /// Shows the stations as they are now.
    pub fn show(&mut self, stations: &[Station]) {
        let elapsed = self.begun.elapsed();
        match &mut self.surface {
            Surface::Terminal { bars, by_arn } => {
                for station in stations {
                    let bar = by_arn
                        .entry(station.execution_arn.clone())
                        .or_insert_with(|| new_bar(bars));
                    update(bar, station);
                }
            }
            Surface::Lines { shown } => {
                for station in stations {
                    let line = line(station);
                    if shown.get(&station.execution_arn) != Some(&line) {
                        eprintln!("{:7.1} s  {line}", elapsed.as_secs_f64());
                        shown.insert(station.execution_arn.clone(), line);
                    }
                }
            }
        }
    }

    /// Says something besides the stations.
    pub fn note(&self, text: &str) {
        match &self.surface {
            // The terminal may be gone; the work goes on.
            Surface::Terminal { bars, .. } => drop(bars.println(text)),
            Surface::Lines { .. } => {
                eprintln!("{:7.1} s  {text}", self.begun.elapsed().as_secs_f64());
            }
        }
    }

    /// Leaves the last picture and begins a new one.
    pub fn finish(&mut self) {
        if let Surface::Terminal { by_arn, .. } = &mut self.surface {
            for (_, bar) in by_arn.drain() {
                if !bar.is_finished() {
                    bar.abandon();
                }
            }
        }
    }
}

fn new_bar(bars: &MultiProgress) -> ProgressBar {
    let bar = bars.add(ProgressBar::new_spinner());
    // A template that is wrong would show in the first run; the default does as well.
    let style = ProgressStyle::with_template("{spinner} {msg}")
        .unwrap_or_else(|_| ProgressStyle::default_spinner());
    bar.set_style(style);
    bar.enable_steady_tick(TICK);
    bar
}

fn update(bar: &ProgressBar, station: &Station) {
    if bar.is_finished() {
        return;
    }
    let seconds = station.stop_seconds.unwrap_or_else(now_seconds) - station.start_seconds;
    let message = format!(
        "{:<18} {:<24} {seconds:6.1} s",
        station.machine,
        what(station)
    );
    if station.status == "RUNNING" {
        bar.set_message(message);
    } else {
        let mark = if station.status == "SUCCEEDED" {
            "✔"
        } else {
            "✘"
        };
        let style = ProgressStyle::with_template(&format!("{mark} {{msg}}"));
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
        bar.finish_with_message(message);
    }
}

fn line(station: &Station) -> String {
    let seconds = station
        .stop_seconds
        .map(|stop| format!("  {:.1} s", stop - station.start_seconds));
    format!(
        "{:<18} {}{}",
        station.machine,
        what(station),
        seconds.unwrap_or_default()
    )
}

/// The state while it runs, the status once it has ended.
fn what(station: &Station) -> &str {
    match &station.state {
        Some(state) if station.status == "RUNNING" => state,
        _ => &station.status,
    }
}

fn now_seconds() -> f64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_names_the_state_and_then_the_outcome() {
        let check = |status: &str, stop_seconds: Option<f64>, expected: &str| {
            let station = Station {
                execution_arn: "arn:e".into(),
                parent_arn: None,
                machine: "sanitize-file".into(),
                name: "e".into(),
                status: status.into(),
                state: Some("ProbeFile".into()),
                start_seconds: 1.0,
                stop_seconds,
            };
            assert_eq!(line(&station), expected);
        };
        check("RUNNING", None, "sanitize-file      ProbeFile");
        check(
            "SUCCEEDED",
            Some(2.5),
            "sanitize-file      SUCCEEDED  1.5 s",
        );
    }
}
