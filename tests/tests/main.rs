//! Tests across crates: the definitions, the services with the AWS SDK as their client, and the whole pipeline.

#![expect(
    clippy::panic,
    reason = "a test fails by a panic, also in what tests share"
)]

mod asl_check;
mod clients;
mod commands;
mod console;
mod crash;
mod crowd;
mod dead_letters;
mod definitions;
mod deployment;
mod documents;
mod duplicates;
mod error_list;
mod events;
mod failures;
mod history;
mod http_api;
mod late_news;
mod long_video;
mod machines;
mod mock_config;
mod nonsense;
mod notices;
mod odd_videos;
mod packages;
mod page;
mod permissions;
mod pipeline;
mod prepared_failures;
mod quality;
mod reconcile;
mod recorded_cases;
mod redrive;
mod services;
mod support;
mod terraform;
