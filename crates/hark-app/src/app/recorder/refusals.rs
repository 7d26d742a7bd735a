//! Why something about a recording was not done, as sentences.

use std::io;

use crate::api::{ApiError, ErrorCode};

pub(super) fn closing() -> ApiError {
    ApiError::new(
        ErrorCode::Internal,
        "Hark is closing. What was said is kept and offered at the next start.",
    )
}

pub(super) fn nothing_recorded() -> ApiError {
    ApiError::not_found("Nothing is being recorded. Start again.")
}

pub(super) fn no_such_recording() -> ApiError {
    ApiError::not_found("This recording is no longer here.")
}

/// `name` is whom the other recording is for.
pub(super) fn recording_elsewhere(name: &str) -> ApiError {
    ApiError::bad_request(format!("You are recording for {name}. Send, pause or cancel that first."))
}

pub(super) fn recording_now() -> ApiError {
    ApiError::bad_request("You are recording. Send, pause or cancel that first.")
}

pub(super) fn no_test() -> ApiError {
    ApiError::not_found("Nothing was recorded for a test. Record it first.")
}

pub(super) fn ended_elsewhere() -> ApiError {
    ApiError::bad_request("The recording was ended before it began. Start again.")
}

pub(super) fn too_short() -> ApiError {
    ApiError::new(ErrorCode::TooShort, "That was too short to be sent. Hold the button while you talk.")
}

pub(super) fn no_microphone(sentence: impl Into<String>) -> ApiError {
    ApiError::new(ErrorCode::NoDevice, sentence)
}

pub(super) fn no_room() -> ApiError {
    ApiError::new(
        ErrorCode::DiskFull,
        "The disk is full, so nothing can be recorded. Make room and try again.",
    )
}

/// A file of a recording could not be written or read.
pub(super) fn of_disk(error: &io::Error) -> ApiError {
    if error.kind() == io::ErrorKind::StorageFull {
        return no_room();
    }
    ApiError::new(
        ErrorCode::Internal,
        format!("The folder of the recordings cannot be used: {error}. Check its permissions and try again."),
    )
}
