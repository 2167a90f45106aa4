//! The services that worked on a brief.

use videoflow_shared::brief::Engine;
use videoflow_shared::identity::Stage;

use super::{Material, Source};

pub(super) fn probe(material: &Material<'_>) -> Engine {
    Engine {
        service: "mediaconvert".to_owned(),
        operation: "Probe".to_owned(),
        region: material.region.map(str::to_owned),
        output_uri: Some(material.plan_uri.clone()),
        ..Engine::default()
    }
}

pub(super) fn transcode(material: &Material<'_>) -> Engine {
    Engine {
        service: "mediaconvert".to_owned(),
        operation: "CreateJob".to_owned(),
        job_id: service_job(material, Stage::Transcode),
        region: material.region.map(str::to_owned),
        ..Engine::default()
    }
}

pub(super) fn writer(material: &Material<'_>) -> Engine {
    Engine {
        service: "bedrock".to_owned(),
        operation: "Converse".to_owned(),
        model: Some(material.model_id.to_owned()).filter(|id| !id.is_empty()),
        region: material.region.map(str::to_owned),
        started_at: Some(material.started_at.clone()),
        ended_at: Some(material.ended_at.clone()),
        ..Engine::default()
    }
}

pub(super) fn analysis<T>(
    material: &Material<'_>,
    stage: Stage,
    source: Option<&Source<T>>,
    model_version: Option<String>,
) -> Option<Engine> {
    let (service, operation) = match stage {
        Stage::Transcode => ("mediaconvert", "CreateJob"),
        Stage::Labels => ("rekognition", "StartLabelDetection"),
        Stage::Moderation => ("rekognition", "StartContentModeration"),
        Stage::Transcription => ("transcribe", "StartTranscriptionJob"),
        Stage::Meaning => ("bedrock-data-automation", "InvokeDataAutomationAsync"),
    };
    source.map(|source| Engine {
        service: service.to_owned(),
        operation: operation.to_owned(),
        model_version: model_version.filter(|version| !version.is_empty()),
        job_id: service_job(material, stage),
        region: material.region.map(str::to_owned),
        output_uri: Some(source.uri.clone()),
        output_sha256: Some(source.sha256.clone()),
        ..Engine::default()
    })
}

fn service_job(material: &Material<'_>, stage: Stage) -> Option<String> {
    material
        .job
        .stages
        .get(&stage)
        .and_then(|entry| entry.service_job_id.clone())
}
