//! Running a server that is running: `hark-server user add` reaches the process that holds the data folder over a local socket.
//!
//! One JSON object on one line asks; the answer is one line, and for [`watch`] a second when the server begins to end. Whoever
//! can read `admin.key` in the data folder may ask; the key is new at each start, so a socket that somebody else put in our
//! place learns nothing that opens ours.
//!
//! * `wire.rs` is what is said; `desk.rs` is the server's side, `orders.rs` what it does.
//! * `ask.rs` is the side of a program beside it, such as the desktop app that watches its server; `operator.rs` that of whoever
//!   administers the server, running or not.

mod ask;
mod desk;
mod operator;
mod orders;
mod wire;

pub(crate) use desk::Admin;

pub use ask::{Watch, add_named_user, add_registration_token, add_user, stop, watch};
pub use operator::{NewToken, Operator};
pub use wire::Running;
