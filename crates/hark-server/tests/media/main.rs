//! Files people send each other, over real HTTP: promised addresses, what is given out, pictures made small, what links lead to,
//! and what is refused or cleared away.

#![forbid(unsafe_code)]
#![expect(clippy::unwrap_used, reason = "whatever fails to be there fails the test")]

mod admission;
mod clearing;
mod pictures;
mod previews;
mod program;
mod promised;
#[path = "../support/mod.rs"]
mod support;
mod wire;
