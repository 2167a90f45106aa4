//! What the page asks for.

mod costs;
mod failures;
mod jobs;
mod line;
mod media;
mod queues;
mod redrive;
mod uploads;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use videoflow_shared::identity::JobId;
use videoflow_shared::profiles;

use super::cached::Cached;
use super::graph::{Picture, pictures};
use super::guard::UPLOADS;
use super::{Access, Console, Problem};

/// How old sums over many jobs may be: they take pages of the index.
const SUMS_AGE: Duration = Duration::from_secs(30);

/// What is behind a handler.
type Shared = State<Arc<Console>>;

/// What one handler answers.
type Answer<T = Value> = Result<Json<T>, Problem>;

/// Answers that are kept for a while.
#[derive(Default)]
pub struct Caches {
    line: Cached<line::Line>,
    counts: Cached<BTreeMap<String, line::Count>>,
    failures: Cached<Value>,
    costs: Cached<Value>,
    queues: Cached<Value>,
}

/// All routes of the API.
pub fn routes() -> Router<Arc<Console>> {
    Router::new()
        .route("/api/about", get(about))
        .route(
            "/api/graph",
            get(async || Json::<BTreeMap<String, Picture>>(pictures())),
        )
        .route("/api/jobs", get(jobs::list))
        .route("/api/jobs/{job}", get(jobs::story))
        .route("/api/line", get(line::line))
        .route("/api/events", get(line::events))
        .route("/api/failures", get(failures::failures))
        .route("/api/queues", get(queues::queues))
        .route("/api/letters", get(queues::letters))
        .route("/api/redrive", post(redrive::redrive))
        .route("/api/redrive/plan", post(redrive::plan))
        .route("/api/costs", get(costs::costs))
        .route("/media/{job}/{root}/{*name}", get(media::object))
        .route(UPLOADS, post(uploads::upload))
}

/// Where the console looks, and what it may do.
async fn about(State(console): Shared) -> Answer {
    let environment = &console.environment;
    let place = match &environment.data {
        Some(folder) => folder.display().to_string(),
        None => environment.region().to_owned(),
    };
    Ok(Json(json!({
        "environment": environment.name,
        "place": place,
        "arguments": environment.arguments,
        "isAws": environment.is_aws(),
        "write": console.access == Access::Write,
        "profiles": profiles::names().collect::<Vec<_>>(),
        "version": env!("CARGO_PKG_VERSION"),
    })))
}

/// The job that a path names.
fn parse_job(text: &str) -> Result<JobId, Problem> {
    text.parse().map_err(|_| {
        Problem(
            axum::http::StatusCode::NOT_FOUND,
            format!("{text} is no job id"),
        )
    })
}
