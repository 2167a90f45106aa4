//! One job: handing a video in, following it, and taking home what it made.

pub mod display;
pub mod export;
pub mod follow;
pub mod report;
pub mod submit;
