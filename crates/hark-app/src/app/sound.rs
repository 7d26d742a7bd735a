//! Devices and the microphone test.

use hark_voice::DeviceInfo;

use super::App;
use crate::api::{ApiError, Devices, MicrophoneTest, Nothing, SoundDevice};

pub(crate) async fn devices(app: &App, _: Nothing) -> Result<Devices, ApiError> {
    let input = app.settings().borrow().input.clone();
    // Asks the system, which may take its time.
    let look = move || Devices {
        inputs: hark_voice::devices::inputs().into_iter().map(named).collect(),
        outputs: hark_voice::devices::outputs().into_iter().map(named).collect(),
        microphone_problem: hark_voice::devices::microphone_problem(input.as_deref()),
        sound_problem: hark_voice::sound_problem(),
    };
    tokio::task::spawn_blocking(look).await.map_err(ApiError::internal)
}

fn named(device: DeviceInfo) -> SoundDevice {
    let DeviceInfo { id, name, default, monitor } = device;
    SoundDevice { id, name, default, monitor }
}

pub(crate) async fn open_microphone(app: &App, _: Nothing) -> Result<MicrophoneTest, ApiError> {
    app.inner.recorder.open_microphone().await
}

pub(crate) async fn test_microphone(app: &App, _: Nothing) -> Result<Nothing, ApiError> {
    app.inner.recorder.test_microphone().await?;
    Ok(Nothing {})
}

pub(crate) async fn play_test(app: &App, _: Nothing) -> Result<Nothing, ApiError> {
    let wav = app.inner.recorder.test_sound().await?;
    app.inner.playback.test(wav).await?;
    Ok(Nothing {})
}

pub(crate) async fn close_microphone(app: &App, _: Nothing) -> Result<Nothing, ApiError> {
    app.inner.recorder.close_microphone().await?;
    Ok(Nothing {})
}

pub(crate) async fn play_sample(app: &App, _: Nothing) -> Result<Nothing, ApiError> {
    app.inner.playback.sample().await?;
    Ok(Nothing {})
}
