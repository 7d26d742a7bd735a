//! Devices and the microphone test.

use super::App;
use crate::api::{ApiError, Devices, MicrophoneTest, Nothing};

pub(crate) async fn devices(_: &App, _: Nothing) -> Result<Devices, ApiError> {
    Err(ApiError::internal("not built yet"))
}

pub(crate) async fn open_microphone(_: &App, _: Nothing) -> Result<MicrophoneTest, ApiError> {
    Err(ApiError::internal("not built yet"))
}

pub(crate) async fn test_microphone(_: &App, _: Nothing) -> Result<Nothing, ApiError> {
    Err(ApiError::internal("not built yet"))
}

pub(crate) async fn play_test(_: &App, _: Nothing) -> Result<Nothing, ApiError> {
    Err(ApiError::internal("not built yet"))
}

pub(crate) async fn close_microphone(_: &App, _: Nothing) -> Result<Nothing, ApiError> {
    Err(ApiError::internal("not built yet"))
}

pub(crate) async fn play_sample(_: &App, _: Nothing) -> Result<Nothing, ApiError> {
    Err(ApiError::internal("not built yet"))
}
