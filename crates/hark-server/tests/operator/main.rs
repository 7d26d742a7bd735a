//! What an operator does with the program `hark-server`: people, tokens, rooms, files, while it serves and while it does not.

#![forbid(unsafe_code)]
#![expect(clippy::unwrap_used, reason = "whatever fails to be there fails the test")]
#![cfg(unix)]

mod following;
mod listing;
mod people;
mod program;
mod pruning;
mod purging;
mod tokens;
