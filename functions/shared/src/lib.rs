//! What VideoFlow's functions share: identity, places, storage, the job table and its ledger, profiles and prices.

pub mod attribute;
pub mod batch;
pub mod brief;
pub mod clock;
pub mod error;
pub mod identity;
pub mod intake;
pub mod jobs;
pub mod labels;
pub mod lambda;
pub mod ledger;
pub mod location;
pub mod manifests;
pub mod meaning;
pub mod plan;
pub mod prices;
pub mod profiles;
pub mod prompt;
pub mod renditions;
pub mod service_job;
pub mod settings;
pub mod storage;
pub mod stores;
pub mod subtitles;
pub mod timeline;
pub mod transcript;
