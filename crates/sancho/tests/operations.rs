//! What operators see of a program that performs jobs: its log, its probes, its title, and what systemd hears.
#![cfg(all(unix, feature = "cli"))]

#[path = "operations/logs.rs"]
mod logs;
#[path = "operations/probes.rs"]
mod probes;
#[path = "operations/program.rs"]
mod program;
#[cfg(target_os = "linux")]
#[path = "operations/systemd.rs"]
mod systemd;
