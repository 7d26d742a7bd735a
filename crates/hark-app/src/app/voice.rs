//! The loudspeaker's buttons.

use super::App;
use crate::api::{ApiError, Nothing, Play, Seek, SetSpeed};

pub(crate) async fn play(app: &App, args: Play) -> Result<Nothing, ApiError> {
    app.inner.playback.play(args.key, args.from_ms).await?;
    Ok(Nothing {})
}

pub(crate) async fn pause(app: &App, _: Nothing) -> Result<Nothing, ApiError> {
    app.inner.playback.pause().await;
    Ok(Nothing {})
}

pub(crate) async fn resume(app: &App, _: Nothing) -> Result<Nothing, ApiError> {
    app.inner.playback.resume().await;
    Ok(Nothing {})
}

pub(crate) async fn stop(app: &App, _: Nothing) -> Result<Nothing, ApiError> {
    app.inner.playback.stop().await;
    Ok(Nothing {})
}

pub(crate) async fn seek(app: &App, args: Seek) -> Result<Nothing, ApiError> {
    app.inner.playback.seek(args.position_ms).await;
    Ok(Nothing {})
}

pub(crate) async fn set_speed(app: &App, args: SetSpeed) -> Result<Nothing, ApiError> {
    if !(0.5..=3.0).contains(&args.speed) {
        return Err(ApiError::bad_request("The speed must be between 0.5 and 3."));
    }
    app.inner.playback.set_speed(args.speed).await;
    Ok(Nothing {})
}
