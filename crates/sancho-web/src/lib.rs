//! What people look at and act with: pages, JSON and live numbers, as one axum Router.

#![forbid(unsafe_code)]

pub mod live;
pub mod safety;
