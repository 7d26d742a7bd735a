//! Hark's homeserver.

#![forbid(unsafe_code)]

mod store;
