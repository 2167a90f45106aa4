//! Bills, summed up.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Bill, rounded};

/// What sums are made by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum By {
    /// Day of the last change, in UTC.
    Day,
    /// Profile.
    Profile,
    /// Line of the price table.
    Line,
    /// Job.
    Job,
}

/// A sum.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    /// Of what.
    pub name: String,
    /// How many jobs.
    pub jobs: usize,
    /// Predicted US dollars.
    pub predicted_usd: f64,
    /// Actual US dollars, of the jobs that have told.
    pub actual_usd: f64,
    /// Jobs that have not told, and have not paid for anything that is known.
    pub untold: usize,
}

impl Row {
    fn add(&mut self, predicted_usd: Option<f64>, actual_usd: Option<f64>) {
        self.jobs += 1;
        self.predicted_usd = rounded(self.predicted_usd + predicted_usd.unwrap_or(0.0));
        self.actual_usd = rounded(self.actual_usd + actual_usd.unwrap_or(0.0));
        self.untold += usize::from(actual_usd.is_none());
    }
}

/// The sums of bills, and the sum of all.
pub fn rows(bills: &[Bill], by: By) -> (Vec<Row>, Row) {
    let mut rows: BTreeMap<String, Row> = BTreeMap::new();
    let mut total = Row {
        name: "all".to_owned(),
        ..Row::default()
    };
    for bill in bills {
        total.add(bill.predicted_usd, bill.actual_usd);
        let mut add = |name: String, predicted_usd, actual_usd| {
            let row = rows.entry(name.clone()).or_insert_with(|| Row {
                name,
                ..Row::default()
            });
            row.add(predicted_usd, actual_usd);
        };
        match by {
            By::Day => add(bill.day.clone(), bill.predicted_usd, bill.actual_usd),
            By::Profile => add(bill.profile.clone(), bill.predicted_usd, bill.actual_usd),
            By::Job => add(bill.job_id.to_string(), bill.predicted_usd, bill.actual_usd),
            By::Line => {
                for line in &bill.lines {
                    let name = format!("{} {}", line.service, line.unit);
                    add(name, Some(line.predicted_usd), line.actual_usd);
                }
            }
        }
    }
    (rows.into_values().collect(), total)
}

#[cfg(test)]
mod tests {
    use videoflow_shared::identity::JobId;
    use videoflow_shared::jobs::JobStatus;
    use videoflow_shared::spending::Basis;

    use super::super::Line;
    use super::*;

    fn bill(day: &str, predicted_usd: f64, actual_usd: Option<f64>) -> Bill {
        let line = |service: &str, share: f64| Line {
            service: service.to_owned(),
            unit: "minute".to_owned(),
            predicted_quantity: 1.0,
            predicted_usd: predicted_usd * share,
            actual_quantity: None,
            actual_usd: actual_usd.map(|usd| usd * share),
            basis: Basis::Measured,
        };
        Bill {
            job_id: JobId::of("b", day, "1", "default"),
            source_key: "k".to_owned(),
            job_status: JobStatus::Published,
            profile: "default".to_owned(),
            day: day.to_owned(),
            predicted_usd: Some(predicted_usd),
            actual_usd,
            lines: vec![line("A", 0.25), line("B", 0.75)],
        }
    }

    #[test]
    fn sums_are_of_what_was_told() {
        let bills = [
            bill("1", 4.0, Some(2.0)),
            bill("1", 4.0, None),
            bill("2", 8.0, Some(8.0)),
        ];
        let check = |by: By, expected: &[(&str, usize, f64, f64, usize)]| {
            let (rows, total) = rows(&bills, by);
            let found: Vec<_> = rows
                .iter()
                .map(|row| {
                    (
                        row.name.as_str(),
                        row.jobs,
                        row.predicted_usd,
                        row.actual_usd,
                        row.untold,
                    )
                })
                .collect();
            assert_eq!(found, expected, "{by:?}");
            assert_eq!((total.jobs, total.untold), (3, 1));
        };
        check(By::Day, &[("1", 2, 8.0, 2.0, 1), ("2", 1, 8.0, 8.0, 0)]);
        check(By::Profile, &[("default", 3, 16.0, 10.0, 1)]);
        check(
            By::Line,
            &[("A minute", 3, 4.0, 2.5, 1), ("B minute", 3, 12.0, 7.5, 1)],
        );
    }
}
