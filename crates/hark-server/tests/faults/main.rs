//! The machine below the server fails: its disk, its clock, what is on its disk. What was acknowledged stays, nothing is said twice,
//! and whoever runs the server is told what to do.

#![cfg(unix)]
#![forbid(unsafe_code)]
#![expect(clippy::unwrap_used, reason = "a test ends where it goes wrong")]

#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod clock;
mod damage;
#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod disk;
#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod machine;
mod program;
#[cfg(target_os = "linux")]
mod read_only;
#[path = "../support/mod.rs"]
mod support;
