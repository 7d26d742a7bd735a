//! Hark's engine: a Matrix messenger without a screen.
//!
//! An [`Engine`] owns one data folder: one account, its store, its outbox. Whoever holds it asks for rendered rows
//! ([`model`]) and listens to [`Change`]s; nothing it draws ever waits for the network. A change travels one way,
//! transport → sync → store transaction → [`Change`]; a message the other way, call → store (outbox row) → outbox →
//! transport → acknowledgement → store.
#![forbid(unsafe_code)]

mod change;
mod clock;
mod core;
mod directory;
mod engine;
mod error;
mod event;
mod folder;
mod history;
mod key;
mod link;
pub mod model;
mod options;
mod outbox;
mod platform;
mod random;
mod render;
mod signals;
mod store;
mod sync;
mod transport;

pub use change::Change;
pub use engine::Engine;
pub use error::{Error, OpenError};
pub use link::named_by;
pub use options::{KeyPolicy, KeyStorage, MediaKind, MediaSpace, Options, SignInMode, VoiceClip};
