//! Setting up what a command needs, once.

pub(crate) mod driver;
pub(crate) mod node;
pub(crate) mod python;
pub(crate) mod system;
