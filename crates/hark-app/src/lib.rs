//! What a window or a terminal can ask of Hark.
pub mod api;
