//! Hark's engine: a Matrix messenger without a screen.
pub mod model;
