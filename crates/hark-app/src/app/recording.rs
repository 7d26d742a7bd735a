//! The recorder's buttons.

use hark_client::model::Message;

use super::App;
use crate::api::{ApiError, InConversation, InRecording, KeptRecording, Nothing, ReviewFrom};

pub(crate) async fn record(_: &App, _: InConversation) -> Result<Nothing, ApiError> {
    Err(ApiError::internal("not built yet"))
}

pub(crate) async fn pause(_: &App, _: Nothing) -> Result<Nothing, ApiError> {
    Err(ApiError::internal("not built yet"))
}

pub(crate) async fn resume(_: &App, _: Nothing) -> Result<Nothing, ApiError> {
    Err(ApiError::internal("not built yet"))
}

pub(crate) async fn send(_: &App, _: Nothing) -> Result<Message, ApiError> {
    Err(ApiError::internal("not built yet"))
}

pub(crate) async fn cancel(_: &App, _: Nothing) -> Result<Option<String>, ApiError> {
    Err(ApiError::internal("not built yet"))
}

pub(crate) async fn kept(_: &App, _: Nothing) -> Result<Vec<KeptRecording>, ApiError> {
    Err(ApiError::internal("not built yet"))
}

pub(crate) async fn open(_: &App, _: InRecording) -> Result<Nothing, ApiError> {
    Err(ApiError::internal("not built yet"))
}

pub(crate) async fn keep(_: &App, _: InRecording) -> Result<Nothing, ApiError> {
    Err(ApiError::internal("not built yet"))
}

pub(crate) async fn send_kept(_: &App, _: InRecording) -> Result<Message, ApiError> {
    Err(ApiError::internal("not built yet"))
}

pub(crate) async fn delete(_: &App, _: InRecording) -> Result<Nothing, ApiError> {
    Err(ApiError::internal("not built yet"))
}

pub(crate) async fn review(_: &App, _: ReviewFrom) -> Result<Nothing, ApiError> {
    Err(ApiError::internal("not built yet"))
}

pub(crate) async fn pause_review(_: &App, _: Nothing) -> Result<Nothing, ApiError> {
    Err(ApiError::internal("not built yet"))
}
