//! Two people talk: a real server, two real engines, HTTP between them. What a person would see is what is asserted.

#![allow(clippy::unwrap_used, reason = "a test ends where it fails, helpers included")]

mod command_line;
mod directory;
mod history;
mod search;
mod sending;
mod signals;
mod support;
mod voice;
