//! Rooms and sync over HTTP, as clients see them.

#![expect(clippy::unwrap_used, reason = "a test ends where it goes wrong")]

mod creating;
mod history;
mod membership;
mod reading;
mod secrecy;
mod sending;
#[path = "../support/mod.rs"]
mod support;
mod talking;
