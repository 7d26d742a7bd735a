//! Real servers, scripted people and faults for Hark's tests.
//!
//! Nothing here imitates a part of Hark. A [`Server`] is the homeserver in this process; a [`Resident`] is the engine
//! signed in on it; a [`Person`] is a Matrix client of forty lines of HTTP, for what the *other* side of a test does;
//! a [`Program`] is the built `hark` or `hark-server`, which can be killed at any instant; a [`Proxy`] stands between
//! two of them and misbehaves on request; a [`SoundCard`] is a microphone and two loudspeakers.
//!
//! Every wait has a deadline and says what it waited for; nothing sleeps. A call that fails ends the test with a
//! sentence, so that a test holds only the behaviour it proves.
#![forbid(unsafe_code)]

#[cfg(unix)]
mod card;
#[cfg(all(unix, not(target_os = "macos")))]
mod desktop;
mod hosted;
mod person;
mod program;
mod proxy;
mod server;
pub mod sound;
mod wait;

#[cfg(unix)]
pub use card::{Listener, Loudspeaker, SoundCard, Speaker};
#[cfg(all(unix, not(target_os = "macos")))]
pub use desktop::{Desktop, Shown};
pub use hosted::HostFolder;
pub use person::{Answer, Person};
pub use program::{Finished, Program, Running, ServerProgram, build_folder, program_path};
pub use proxy::{Fault, Proxy, Seen};
pub use server::{Resident, Server};
pub use wait::{DEADLINE, no_more_than, wait_for, wait_until, within};

/// The password of everybody a test makes.
pub const PASSWORD: &str = "correct horse battery";

/// Installs the process's TLS provider. Every entry point of this crate calls it; a test that uses `reqwest` by
/// itself calls it first.
pub fn ready() {
    // The second caller finds it installed, which is what both wanted.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
}
