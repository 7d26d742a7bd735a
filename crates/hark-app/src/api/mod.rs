//! Everything a window can ask for, and everything it is told.
//!
//! A command is one JSON object `{"id":7,"name":"send_text","args":{…}}` and is answered once, by
//! `{"id":7,"ok":…}` or `{"id":7,"error":{"code":…,"message":…}}`. Events come unasked: `{"event":{"type":…,…}}`.
//! The transport (browser socket now, the desktop shell's bridge later) carries these objects and knows nothing else.
//! `ui/src/backend/generated/api.ts` is made from these types; a test fails when it is stale.
//!
//! What is not JSON goes over plain HTTP in browser mode: see [`browser`](crate::browser).

mod commands;
mod error;
mod events;
mod recording;
mod settings;
mod sound;
#[cfg(test)]
mod typescript;

pub use commands::*;
pub use error::*;
pub use events::*;
pub use hark_client::model;
pub use recording::*;
pub use settings::*;
pub use sound::*;
