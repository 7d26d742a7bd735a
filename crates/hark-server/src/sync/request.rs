//! What a client asks of /sync. Read by hand: ruma's request type does not know the name of `use_state_after` that clients send.

use ruma::{api::client::filter::FilterDefinition, presence::PresenceState};
use serde::Deserialize;

use super::Token;
use crate::{
    filter,
    http::{ApiError, Session},
    store::Store,
};

/// The query of /sync.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Query {
    filter: Option<String>,
    since: Option<String>,
    #[serde(default)]
    full_state: bool,
    pub(super) timeout: Option<u64>,
    set_presence: Option<PresenceState>,
    #[serde(default)]
    use_state_after: bool,
    #[serde(default, rename = "org.matrix.msc4222.use_state_after")]
    use_state_after_unstable: bool,
}

/// Where the state of a room is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StateMember {
    /// `state`: the state before the timeline.
    Before,
    /// `state_after` (MSC4222): the state at its end.
    After,
    /// The same under the name that was current before the proposal was accepted.
    AfterUnstable,
}

/// A request whose token and filter were looked up.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    pub(super) since: Option<Token>,
    pub(super) full_state: bool,
    pub(super) state: StateMember,
    pub(super) filter: FilterDefinition,
    /// Under which name unread counts of threads are told; `None`: together with the room's.
    pub(super) thread_counts: Option<&'static str>,
    /// What the request makes of its user; `None`: nothing.
    pub(super) presence: Option<PresenceState>,
}

impl Wanted {
    pub(super) async fn read(store: &Store, session: &Session, query: Query) -> Result<Self, ApiError> {
        let since = match query.since.as_deref().filter(|since| !since.is_empty()) {
            Some(since) => Some(Token::parse(since, store.epoch(), store.committed())?),
            None => None,
        };
        let state = match (query.use_state_after, query.use_state_after_unstable) {
            (true, _) => StateMember::After,
            (_, true) => StateMember::AfterUnstable,
            _ => StateMember::Before,
        };
        let presence = match query.set_presence {
            None | Some(PresenceState::Online) => Some(PresenceState::Online),
            Some(PresenceState::Unavailable) => Some(PresenceState::Unavailable),
            Some(PresenceState::Offline) => None,
            Some(_) => return Err(ApiError::invalid_param("Presence is online, unavailable or offline.")),
        };
        let (filter, thread_counts) = match filter(store, session, query.filter).await? {
            Some(json) => (filter::parse(&json)?, filter::thread_counts(&json)?),
            None => (FilterDefinition::default(), None),
        };
        Ok(Self { since, full_state: query.full_state, state, filter, thread_counts, presence })
    }

    /// A first sync and one that asks for everything never wait.
    pub(super) fn answer_at_once(&self) -> bool {
        self.since.is_none() || self.full_state
    }
}

/// The JSON of the filter a request names. One that stands in the request needs no database.
async fn filter(store: &Store, session: &Session, named: Option<String>) -> Result<Option<String>, ApiError> {
    match named {
        Some(id) if !filter::is_inline(&id) => {
            let user = session.user_id.clone();
            store.read(move |snapshot| filter::stored(snapshot, &user, &id).map(Some)).await
        }
        inline_or_none => Ok(inline_or_none),
    }
}
