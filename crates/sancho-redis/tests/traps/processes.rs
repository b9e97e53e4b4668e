//! Traps of processes, their keys and their counters.
