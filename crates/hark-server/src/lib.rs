//! Hark's homeserver: one program, one folder, any Matrix client.
//!
//! * `http/` is the outside: limits, who is asking, the rules for JSON, CORS, errors.
//! * `api/` is the list of endpoints and their handlers.
//! * `accounts/`, `media/` and `push/` are what a handler calls for people, files and push rules.
//! * `rooms/` makes events and appends them; `gate.rs` decides who sees what; `sync/` tells clients what is new.
//! * `keys/` checks the public keys and signatures of end-to-end encryption, which the server passes on and cannot use.
//! * `previews/` says what a link leads to; `outbound/` guards what goes to addresses others choose.
//! * `relations/` says what belongs to an event, `search/` finds words in what was said, `spaces.rs` walks the tree of a space.
//! * `store/` is the database: one writer, one log, many readers. SQL is there and nowhere else.
//! * `admin/` is how a program beside it adds people, watches it and ends it; `background.rs` is a server without a terminal.
//! * `metrics/` counts what the server does.
//! * `backup/` copies a data folder while it is in use, looks it over, and makes a folder out of a copy.
//! * [`Server`] puts them together on a data folder and a port.

#![forbid(unsafe_code)]

mod accounts;
mod admin;
mod api;
mod app;
mod background;
mod backup;
mod chores;
mod clock;
mod closing;
mod config;
mod error;
mod filter;
mod folder;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
mod gate;
mod hex;
mod http;
mod invites;
mod json;
mod keys;
mod logging;
mod media;
mod metrics;
mod naming;
mod outbound;
mod platform;
mod previews;
mod push;
mod random;
mod relations;
mod render;
mod rooms;
mod search;
mod server;
mod spaces;
mod store;
mod sync;
mod timeline;
mod unread;

pub(crate) use self::app::App;
pub use self::{
    admin::{
        NewToken, Operator, Running, Watch, add_named_user, add_registration_token, add_user, stop, watch,
    },
    background::{LogFile, Started},
    backup::{BackupError, Checked, backup, check, restore},
    config::{Config, MediaConfig, Registration, UrlPreviews},
    error::{AdminError, MediaError, StartError},
    media::Cleared,
    platform::{EndSignal, WithoutEcho, open_many_files, outlive_the_terminal},
    server::Server,
};
pub use rooms::Purged;
pub use store::{RoomEntry, StoreError, TokenEntry, UserEntry, UserState};
