//! `sancho work --exec`: what a program is given, what its end means, and that nothing of it outlives its server.
#![cfg(target_os = "linux")]

mod harness;
mod marked;
mod programs;
mod worker;
