//! What a user is told of, over HTTP.

#![expect(clippy::unwrap_used, reason = "a test ends where it goes wrong")]

mod counting;
mod counts;
mod receipts;
#[path = "../support/mod.rs"]
mod support;
