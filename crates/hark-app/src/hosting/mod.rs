//! A homeserver on this computer, and somebody to talk to on it.
//!
//! One task owns the hosted server and the echo contact; the handle [`Host`] asks it by channel. What is hosted is noted
//! in `host.json` and comes up again with the app, before the engine connects. Accounts are made from the inside:
//! nobody can register by themselves.

#[cfg(not(feature = "host"))]
mod absent;
#[cfg(feature = "host")]
mod answers;
#[cfg(feature = "host")]
mod echo;
#[cfg(feature = "host")]
mod keeper;
#[cfg(feature = "host")]
mod record;

#[cfg(not(feature = "host"))]
pub(crate) use absent::Host;
#[cfg(feature = "host")]
pub(crate) use keeper::Host;
