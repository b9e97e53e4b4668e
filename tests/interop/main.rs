//! Proof with the real thing: Debian's Sidekiq and Sancho's client and server, on one real Redis each test.
//!
//! `home` is a Redis of a test's own; `ruby`, `ruby_server` and `ruby_web` run the programs of the other side;
//! `proof` is the job that both sides perform. The other modules are tests, each of one promise.

#![forbid(unsafe_code)]

mod corpus;
mod home;
mod proof;
mod ruby;
mod ruby_server;
mod ruby_web;
mod rust_server;
mod side;

mod api;
mod fleet;
mod inventory;
mod keys;
mod look;
mod matrix;
mod members;
mod options;
mod pages;
mod processes;
mod strangers;
mod typed;
mod views;
mod words;
