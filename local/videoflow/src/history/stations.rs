//! Where a job stands, for the live display.

use videoflow_platform::step_functions::Station;

use super::story::{Execution, Moment, Status};

impl Execution {
    /// Where the execution and all that it started stand, parents first.
    pub fn stations(&self) -> Vec<Station> {
        let mut stations = Vec::new();
        self.add_stations(None, &mut stations);
        stations
    }

    fn add_stations(&self, parent_arn: Option<&str>, stations: &mut Vec<Station>) {
        stations.push(Station {
            execution_arn: self.arn.clone(),
            parent_arn: parent_arn.map(str::to_owned),
            machine: self.machine.clone(),
            name: self.name.clone(),
            status: self.status.name().to_owned(),
            state: self.states.last().map(|state| state.name.clone()),
            start_seconds: self.started_at.map_or(0.0, Moment::seconds),
            stop_seconds: self.stopped_at.map(Moment::seconds),
        });
        for child in &self.children {
            child.add_stations(Some(&self.arn), stations);
        }
    }
}

impl Status {
    /// As Step Functions calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Running => "RUNNING",
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
            Self::TimedOut => "TIMED_OUT",
            Self::Aborted => "ABORTED",
            Self::Unknown => "UNKNOWN",
        }
    }
}

impl Moment {
    /// Seconds since 1970.
    #[expect(
        clippy::cast_precision_loss,
        reason = "no real date has 53 bits of milliseconds"
    )]
    fn seconds(self) -> f64 {
        self.0 as f64 / 1000.0
    }
}
