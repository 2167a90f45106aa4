//! Redriving jobs from the page, as `videoflow redrive` does it: first what would be done, then doing it.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use videoflow_shared::identity::JobId;

use super::{Answer, Console, Problem, Shared};
use crate::redriving::{Choice, Proposal, carry_out, propose, to_json};

/// Most jobs of a request: a group's page names as many.
const JOBS_LIMIT: usize = 100;

/// Which jobs.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Asked {
    job_ids: Vec<JobId>,
}

/// What would be done with each job, and what that costs. Changes nothing.
pub async fn plan(State(console): Shared, Json(asked): Json<Asked>) -> Answer {
    let proposals = proposals(&console, &asked).await?;
    let known = proposals.iter().filter_map(Proposal::cost_usd);
    Ok(Json(json!({
        "costUsd": known.sum::<f64>(),
        "jobs": proposals.iter().map(to_json).collect::<Vec<_>>(),
    })))
}

/// Lets the jobs go on; says of each that does not, why.
pub async fn redrive(State(console): Shared, Json(asked): Json<Asked>) -> Answer {
    console.check_write("a redrive")?;
    let proposals = proposals(&console, &asked).await?;
    let intake = console.environment.intake().await?;
    let begun = carry_out(&intake, &proposals).await;
    console.caches.failures.forget().await;
    let results = proposals.iter().map(|proposal| {
        let id = &proposal.job.job_id;
        match begun.iter().find(|(job, _)| job == id) {
            Some((_, Ok(begun))) => json!({"jobId": id, "as": begun.job, "problem": null}),
            Some((_, Err(error))) => json!({"jobId": id, "problem": format!("{error:#}")}),
            None => json!({"jobId": id, "problem": to_json(proposal)["why"]}),
        }
    });
    Ok(Json(json!({"results": results.collect::<Value>()})))
}

async fn proposals(console: &Console, asked: &Asked) -> Result<Vec<Proposal>, Problem> {
    if asked.job_ids.is_empty() || asked.job_ids.len() > JOBS_LIMIT {
        let detail = format!("a redrive is of 1 to {JOBS_LIMIT} jobs");
        return Err(Problem(StatusCode::BAD_REQUEST, detail));
    }
    let environment = &console.environment;
    let intake = environment.intake().await?;
    Ok(propose(environment, &intake, &asked.job_ids, Choice::Usual).await?)
}
