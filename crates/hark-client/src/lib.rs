//! Hark's engine: a Matrix messenger without a screen.
//!
//! An [`Engine`] owns one data folder: one account, its store, its outbox. Whoever holds it asks for rendered rows
//! ([`model`]) and listens to [`Change`]s; nothing it draws ever waits for the network. A change travels one way,
//! transport → sync → store transaction → [`Change`]; a message the other way, call → store (outbox row) → outbox →
//! transport → acknowledgement → store.
#![forbid(unsafe_code)]

mod change;
mod engine;
mod error;
pub mod model;
mod options;

pub use change::Change;
pub use engine::Engine;
pub use error::{Error, OpenError};
pub use options::{KeyPolicy, KeyStorage, Options, SignInMode, VoiceClip};
