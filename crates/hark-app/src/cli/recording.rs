//! `hark record`: speak into the microphone of the process that holds the folder, and send it.

use hark_client::model::ConversationId;
use tokio::sync::mpsc;

use super::sending::kept;
use super::{Output, put};
use crate::api::{ApiError, ErrorCode, RecorderState};
use crate::app::App;
use crate::app::recorder::Recorder;

pub(super) async fn record(
    app: &App,
    who: &str,
    seconds: u32,
    wait: bool,
    output: &mpsc::Sender<Output>,
) -> Result<(), ApiError> {
    let conversation = app.engine().who(who).await?;
    let recorder = app.recorder();
    if is_busy(recorder) {
        return Err(ApiError::bad_request("Hark is recording already. End that first."));
    }
    recorder.record(conversation.clone()).await?;
    let draft = DraftUnlessSent::of(recorder, &conversation)?;
    let enough_ms = u64::from(seconds) * 1_000;
    let mut shown_s = None;
    let mut state = recorder.state();
    loop {
        let now = state.borrow_and_update().clone();
        match now {
            RecorderState::Recording { id, duration_ms, .. } if id == draft.id => {
                if duration_ms >= enough_ms {
                    break;
                }
                let now_s = duration_ms / 1_000;
                if shown_s.replace(now_s) != Some(now_s) {
                    put(output, Output::Progress(progress(now_s, u64::from(seconds)))).await?;
                }
            }
            RecorderState::Paused { id, problem: Some(problem), .. } if id == draft.id => {
                return Err(ApiError::new(
                    ErrorCode::NoDevice,
                    format!("{} What was said is kept as a draft.", sentence(&problem)),
                ));
            }
            // Held in the window; it may go on there, and this waits.
            RecorderState::Paused { id, .. } if id == draft.id => {}
            RecorderState::Starting { conversation: of } if of == conversation => {}
            _ => {
                draft.sent();
                return Err(ApiError::bad_request("The recording was ended in the window."));
            }
        }
        state.changed().await.map_err(|_| ApiError::internal("Hark is closing"))?;
    }
    let message = recorder.send().await?;
    draft.sent();
    kept(app, message, wait, output).await
}

fn is_busy(recorder: &Recorder) -> bool {
    matches!(*recorder.state().borrow(), RecorderState::Recording { .. } | RecorderState::Starting { .. })
}

fn progress(now_s: u64, of_s: u64) -> String {
    let clock = |seconds: u64| format!("{}:{:02}", seconds / 60, seconds % 60);
    format!("Recording {} of {} (Ctrl-C keeps it as a draft)", clock(now_s), clock(of_s))
}

fn sentence(problem: &str) -> String {
    let end = if problem.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{problem}{end}")
}

/// Puts the recording aside when this command ends in any way but by sending it: by an interrupt, or because whoever
/// asked went away.
struct DraftUnlessSent {
    recorder: Recorder,
    id: String,
    over: bool,
}

impl DraftUnlessSent {
    fn of(recorder: &Recorder, conversation: &ConversationId) -> Result<Self, ApiError> {
        match &*recorder.state().borrow() {
            RecorderState::Recording { id, conversation: of, .. }
            | RecorderState::Paused { id, conversation: of, .. }
                if of == conversation =>
            {
                Ok(Self { recorder: recorder.clone(), id: id.clone(), over: false })
            }
            _ => Err(ApiError::bad_request("The recording was ended in the window.")),
        }
    }

    fn sent(mut self) {
        self.over = true;
    }
}

impl Drop for DraftUnlessSent {
    fn drop(&mut self) {
        if !self.over {
            self.recorder.put_aside(self.id.clone());
        }
    }
}
