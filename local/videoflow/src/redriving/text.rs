//! Proposals for people and for programs.

use std::fmt::Write as _;

use serde_json::{Value, json};
use videoflow_shared::spending::Part;

use super::{Proposal, Way};

/// Cost lines that are shown: the others together are next to nothing.
const LINES_LIMIT: usize = 6;

/// The machines that run again from a part on.
fn machines(from: Part) -> Vec<&'static str> {
    let all = [
        (Part::Sanitize, &["sanitize-file"][..]),
        (Part::Preprocess, &["preprocess-video"]),
        (
            Part::Analyze,
            &["detect-labels", "transcribe-speech", "extract-meaning"],
        ),
        (Part::Merge, &["merge-brief"]),
        (Part::Publish, &["publish-video"]),
    ];
    let ahead = all.into_iter().filter(|(part, _)| *part >= from);
    ahead.flat_map(|(_, names)| names).copied().collect()
}

/// A proposal in some lines of text.
pub fn shown(proposal: &Proposal) -> String {
    let Proposal { job, way, .. } = proposal;
    let mut text = format!("{}  {}\n", job.job_id, job.source_key);
    // Writing to a String cannot fail.
    if let Some(details) = job
        .error_details
        .as_ref()
        .or(job.announcement_error.as_ref())
    {
        let cause: String = details
            .cause
            .lines()
            .next()
            .unwrap_or_default()
            .chars()
            .take(160)
            .collect();
        let _ = writeln!(
            text,
            "  failed    in {}: {}: {cause}",
            details.state, details.error
        );
    }
    let _ = match way {
        Way::Redrive { redrive_count, .. } => {
            let times = match redrive_count {
                0 => String::new(),
                count => format!(", redriven {count}× before"),
            };
            writeln!(
                text,
                "  redrive   {} again, with the definitions and functions that it began with{times}",
                machines(proposal.from).join(", ")
            )
        }
        Way::NewRun(why) => writeln!(
            text,
            "  new run   {}-r…, with the newest definitions and functions: {why}",
            job.job_id.base()
        ),
        Way::GoesOn => writeln!(text, "  goes on   it had not ended"),
        Way::Refused(why) => writeln!(text, "  nothing   {why}"),
    };
    add_costs(&mut text, proposal);
    text
}

fn add_costs(text: &mut String, proposal: &Proposal) {
    if matches!(proposal.way, Way::Refused(_) | Way::GoesOn) {
        return;
    }
    // Writing to a String cannot fail.
    let (Some(lines), Some(cost)) = (&proposal.lines, proposal.cost_usd()) else {
        let _ = writeln!(text, "  costs     unknown: it has no plan yet");
        return;
    };
    let _ = writeln!(
        text,
        "  costs     at most {cost:.4} USD; what had succeeded is not paid again"
    );
    let mut lines: Vec<_> = lines.iter().collect();
    lines.sort_by(|one, other| other.amount_usd.total_cmp(&one.amount_usd));
    for line in lines.iter().take(LINES_LIMIT) {
        let _ = writeln!(
            text,
            "            {:>9.4}  {} {}: {} × {}",
            line.amount_usd, line.service, line.unit, line.quantity, line.unit_price_usd
        );
    }
}

/// A proposal for programs.
pub fn to_json(proposal: &Proposal) -> Value {
    let Proposal {
        job, way, lines, ..
    } = proposal;
    let failure = job
        .error_details
        .as_ref()
        .or(job.announcement_error.as_ref());
    let (name, why) = match way {
        Way::Redrive { .. } => ("redrive", None),
        Way::NewRun(why) => ("newRun", Some(why)),
        Way::GoesOn => ("goesOn", None),
        Way::Refused(why) => ("refused", Some(why)),
    };
    let cost = proposal.cost_usd().map(|cost| (cost * 1e6).round() / 1e6);
    let runs = match way {
        Way::Redrive { .. } | Way::NewRun(_) => machines(proposal.from),
        Way::GoesOn | Way::Refused(_) => Vec::new(),
    };
    json!({
        "jobId": job.job_id,
        "sourceKey": job.source_key,
        "jobStatus": job.job_status,
        "failure": failure.map(|failure| json!({"state": failure.state, "error": failure.error, "cause": failure.cause})),
        "way": name,
        "why": why,
        "runs": runs,
        "costUsd": cost,
        "lines": lines,
        "error": why.filter(|_| name == "refused"),
    })
}

#[cfg(test)]
mod tests {
    use videoflow_shared::identity::JobId;

    use super::*;

    fn proposal(way: Way, from: Part) -> Proposal {
        let id = JobId::of("b", "k", "1", "default");
        let item = json!({"JobId": id, "JobStatus": "FAILED", "SourceBucket": "b", "SourceKey": "k.mp4",
            "SourceVersionId": "1", "Profile": "default", "CreatedAt": "", "UpdatedAt": "",
            "ErrorDetails": {"state": "WriteBrief", "error": "ServiceThrottled", "cause": "slower\nmore", "execution": "e"}});
        Proposal {
            job: serde_json::from_value(item).unwrap_or_else(|error| unreachable!("{error}")),
            way,
            from,
            lines: Some(Vec::new()),
        }
    }

    #[test]
    fn a_proposal_says_what_runs_again_and_why() {
        let redrive = Way::Redrive {
            execution_arn: "e".into(),
            redrive_count: 1,
        };
        let text = shown(&proposal(redrive.clone(), Part::Merge));
        for part in [
            "in WriteBrief: ServiceThrottled: slower\n",
            "merge-brief, publish-video again",
            "redriven 1× before",
            "at most 0.0000 USD",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        let json = to_json(&proposal(redrive, Part::Publish));
        assert_eq!(json["runs"], json!(["publish-video"]));
        let text = shown(&proposal(
            Way::NewRun("period exceeded".into()),
            Part::Sanitize,
        ));
        assert!(
            text.contains("-r…") && text.contains("period exceeded"),
            "{text}"
        );
        let text = shown(&proposal(
            Way::Refused("it is published".into()),
            Part::Sanitize,
        ));
        assert!(
            text.contains("nothing   it is published") && !text.contains("costs"),
            "{text}"
        );
    }
}
