//! The outside of a real server over real HTTP: accounts, tokens, paths, bodies, limits, files, and the program itself.

#![forbid(unsafe_code)]
#![expect(clippy::unwrap_used, reason = "whatever fails to be there fails the test")]
#![expect(clippy::disallowed_methods, reason = "tests measure how long an answer takes")]

mod account_data;
mod accounts;
mod backups;
mod bodies;
mod bounds;
mod logs;
mod media;
mod metrics;
mod paths;
mod program;
mod push_rules;
mod support;
mod to_device;
