//! One process owns a data folder; every other hands its commands to it.
//!
//! [`Ownership`] is a file lock, which the system takes back from a process that dies. The owner [`serve`]s a local
//! socket (a named pipe on Windows) and writes its address and a secret into the folder, in a file only the folder's
//! owner may read: whoever can read it may command the account, nobody else. A second process [`call`]s it: one line of
//! JSON with the request there, lines of output back, and a last line with the outcome.
//!
//! The owner may be a command that is over soon. It finishes what it was handed; a request that has no end (`listen`) it
//! gives back, and the other process takes the folder over. A desktop shell shows the window of an owner that has one, and
//! else is handed the folder ([`take_or_show`]).

mod call;
mod lock;
mod serve;
mod show;
mod wire;

pub use call::{Called, Reached, call};
pub use lock::Ownership;
pub use serve::{Owner, serve};
pub use show::take_or_show;
