//! Hark among others: another client on its server, its command line on another server.
//!
//! The other client is matrix-nio, the other server Synapse; both lie in the virtual environment that `cargo xtask test`
//! makes in target/venv (`HARK_VENV` names another place).
#![cfg(unix)]

mod hark_on_synapse;
mod nio_on_hark;
mod same_answers;
mod speech;
mod synapse;
mod venv;
