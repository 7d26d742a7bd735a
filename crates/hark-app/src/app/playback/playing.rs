//! What plays, or is being fetched to be played.

use hark_client::model::ConversationId;

use crate::api::{PlayerState, ReviewState};
use crate::app::head::Head;

/// What a sound is.
pub(super) enum What {
    Message {
        conversation: ConversationId,
        /// Whether the other side waits to be told that I heard it.
        unheard: bool,
    },
    /// A recording heard before it is sent.
    Review { recording: String },
    /// The microphone test.
    Test,
    /// The sound a loudspeaker is tried with.
    Sample,
}

/// One sound with its head.
pub(super) struct Playing {
    /// What the player calls it.
    pub(super) id: i64,
    pub(super) what: What,
    pub(super) head: Head,
    /// Known once it sounds.
    pub(super) duration_ms: u64,
}

/// Whether a sound sounds or is held, and where.
#[derive(Clone, Copy)]
pub(super) struct At {
    pub(super) sounds: bool,
    pub(super) position_ms: u64,
    pub(super) duration_ms: u64,
    pub(super) speed: f32,
}

impl At {
    /// As the window is shown a message.
    pub(super) fn of_message(self, key: i64) -> PlayerState {
        let Self { sounds, position_ms, duration_ms, speed } = self;
        if sounds {
            PlayerState::Playing { key, position_ms, duration_ms, speed }
        } else {
            PlayerState::Paused { key, position_ms, duration_ms, speed }
        }
    }

    /// As the window is shown a recording.
    pub(super) fn of_review(self, id: &str) -> ReviewState {
        let Self { sounds, position_ms, duration_ms, .. } = self;
        let id = id.to_owned();
        if sounds {
            ReviewState::Playing { id, position_ms, duration_ms }
        } else {
            ReviewState::Paused { id, position_ms, duration_ms }
        }
    }
}
