//! What a window or a terminal can ask of Hark.
//!
//! [`App`] holds one data folder at work: the engine (hark-client), the loudspeaker (hark-voice) and, where this computer
//! hosts, the watch over its homeserver (the program hark-server). Everything outside reaches it by two faces that never bypass it:
//!
//! - [`api`]: typed commands and events as JSON. A [`link`] is one window's stream of them; [`browser`] carries it to a
//!   page on this computer, a desktop shell over its own bridge.
//! - [`cli`]: the `hark` program. A command is a [`cli::Request`] that is done here, or, where another process holds the
//!   folder, by that one: [`owner`] hands it over.
//!
//! ```text
//! page ── browser ──┐
//! shell ─── link ───┼── api ── app ──┬── hark-client (store, sync, outbox)
//! terminal ── cli ──┤                ├── hark-voice (loudspeaker)
//! 2nd terminal ─ owner ┘             └── hosting (hark-server, echo contact)
//! ```
#![forbid(unsafe_code)]

pub mod api;
pub mod app;
pub mod browser;
pub mod cli;
mod clock;
mod hosting;
pub mod link;
mod logging;
mod notify;
pub mod owner;
mod platform;
pub mod program;
mod random;
mod replace;
mod window_files;

pub use api::model;
pub use app::{App, Media, Raise};
pub use notify::Notifying;
pub use window_files::window_file;
