//! A homeserver on this computer, and somebody to talk to on it.
//!
//! The server is a process of its own, the program `hark-server` of the same package on the folder `server` (SV9). The
//! app finds it by its folder or starts it, watches it, and starts it again when it dies; the window may crash, close or
//! update without stopping it. What is only tried ends with the app: such a server is tied to it.
//!
//! ```text
//! handle ── asks ──> keeper ──┬── server ── launch    found at work, or started
//!    ▲                        ├── pace                when it is started again
//!    └── what is hosted ──────┼── record              host.json: what to bring up with the app
//!                             └── echo ── answers     somebody to talk to
//! ```
//!
//! Accounts are made over the server's admin socket, which only the owner of its folder can use: nobody can register by
//! themselves, and no password is on a command line.

#[cfg(not(feature = "host"))]
mod absent;
#[cfg(feature = "host")]
mod answers;
#[cfg(feature = "host")]
mod echo;
#[cfg(feature = "host")]
mod handle;
#[cfg(feature = "host")]
mod keeper;
#[cfg(feature = "host")]
mod launch;
#[cfg(feature = "host")]
mod pace;
#[cfg(feature = "host")]
mod record;
#[cfg(feature = "host")]
mod server;

#[cfg(not(feature = "host"))]
pub(crate) use absent::Host;
#[cfg(feature = "host")]
pub(crate) use handle::Host;
