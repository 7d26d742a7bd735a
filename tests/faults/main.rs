//! What breaks, broken on purpose: processes killed at any instant, answers lost, disks full, owners asleep. Each time
//! the same three things are asked for: a plain sentence, exit code 1, and nothing lost.

#![allow(clippy::unwrap_used, reason = "a test ends where it fails, helpers included")]

mod captive;
mod disk_full;
mod durable;
mod folder;
mod history;
mod hosted;
mod kills;
mod mid_flight;
mod refusals;
mod support;
