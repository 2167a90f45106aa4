//! Profiles: what each costs, and how the variants of one compare.

pub mod comparison;
pub mod price;
