//! Setting up what a command needs, once.

pub(crate) mod node;
pub(crate) mod python;
pub(crate) mod system;
