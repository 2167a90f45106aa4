//! How far a brief can be trusted, what it cost, and where it comes from.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Warning;
use crate::location::S3Uri;

/// Counts.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Statistics {
    /// Shots.
    pub shots: usize,
    /// Chapters of the brief.
    pub chapters: usize,
    /// Speakers who were told apart; 1 when somebody speaks and nobody was told apart.
    pub speakers: usize,
    /// Words.
    pub words: usize,
    /// Time without words.
    pub silence_ms: u64,
}

/// How far the brief can be trusted.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Quality {
    /// Share of the video that the chapters cover.
    pub coverage: f64,
    /// Statements of the model that were dropped because nothing supports them.
    pub unsupported_statements: usize,
    /// Whether the document is valid against the schema.
    pub schema_valid: bool,
    /// What is odd about the source, then what was mended or dropped.
    pub warnings: Vec<Warning>,
    /// Analyses that brought nothing.
    pub missing_analyses: Vec<MissingAnalysis>,
}

/// An analysis that brought nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MissingAnalysis {
    /// Name.
    pub name: String,
    /// Why.
    pub reason: String,
}

/// What it cost.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Cost {
    /// Prediction before the first paid call.
    pub predicted_usd: f64,
    /// By what ran; null until the brief is published.
    pub actual_usd: Option<f64>,
    /// What the actual cost is made of; before, the predicted one.
    pub lines: Vec<CostLine>,
}

/// A line of the bill.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CostLine {
    /// Service.
    pub service: String,
    /// Unit.
    pub unit: String,
    /// Units.
    pub qty: f64,
    /// US dollars a unit.
    pub unit_price: f64,
    /// Day of the price.
    pub price_date: String,
}

/// Where a brief comes from.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Provenance {
    /// Version of this software.
    pub pipeline_version: String,
    /// Versions of the state machines that the job began with, by their names, where they are known.
    pub state_machine_version_arns: BTreeMap<String, String>,
    /// Variant of the profile.
    pub variant: Option<String>,
    /// Name of the prompt.
    pub prompt_id: String,
    /// SHA-256 of instructions and schema.
    pub prompt_sha256: String,
    /// Services that worked on it.
    pub engines: Vec<Engine>,
}

/// A service that worked on the brief.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Engine {
    /// Service.
    pub service: String,
    /// Operation.
    pub operation: String,
    /// Model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Version of the model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model_version: Option<String>,
    /// The service's job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job_id: Option<String>,
    /// Region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Begin, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<String>,
    /// End, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<String>,
    /// Document that evidence points into.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_uri: Option<S3Uri>,
    /// SHA-256 of that document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_sha256: Option<String>,
}
