//! May this event be part of the room? ruma-state-res has the last word on every event, our own included.

use std::sync::Arc;

use ruma::{
    EventId, OwnedEventId, UserId,
    events::{StateEventType, room::member::MembershipState},
    room_version_rules::AuthorizationRules,
    state_res::{auth_types_for_event, check_state_dependent_auth_rules, check_state_independent_auth_rules},
};
use serde_json::value::RawValue;

use super::{Draft, Link, RoomError, power};
use crate::store::{
    AuthEvent, JudgedBy, KnownState, RoomHead, Snapshot, StateKey, StoreError, to_json_error,
};

/// The state events an event is judged by.
#[derive(Clone, Debug)]
pub(crate) struct AuthState(JudgedBy);

impl AuthState {
    /// Which state the draft is judged by: what its auth events are chosen from, and the create event.
    pub(crate) fn keys(draft: &Draft, rules: &AuthorizationRules) -> Result<Vec<StateKey>, RoomError> {
        let content = raw(draft)?;
        let kind = draft.kind.as_str().into();
        let mut keys =
            auth_types_for_event(&kind, &draft.sender, draft.state_key.as_deref(), &content, rules)
                .map_err(RoomError::BadJson)?;
        let create = (StateEventType::RoomCreate, String::new());
        if !keys.contains(&create) && draft.kind != "m.room.create" {
            keys.push(create);
        }
        Ok(keys)
    }

    /// Takes the state from what is known; `None` if something of it is not known.
    pub(crate) fn known(keys: &[StateKey], known: &KnownState) -> Option<Self> {
        keys.iter().map(|key| Some((key.clone(), known.get(key)?.clone()))).collect::<Option<_>>().map(Self)
    }

    /// What the create event is judged by.
    pub(crate) fn nothing() -> Self {
        Self(Arc::new([]))
    }

    /// What an event like the draft was already allowed by in this state of the room.
    pub(crate) fn allowed(draft: &Draft, head: &RoomHead) -> Option<Self> {
        if !judged_by_type(draft) {
            return None;
        }
        head.allowed.get(&draft.sender, &draft.kind).map(Self)
    }

    /// Remembers that the draft was allowed by this, for those like it.
    pub(crate) fn remember(&self, draft: &Draft, head: &RoomHead) {
        if judged_by_type(draft) {
            head.allowed.insert(&draft.sender, &draft.kind, self.0.clone());
        }
    }

    /// Takes the state from what is known, and the rest from the database.
    pub(crate) fn load(
        keys: &[StateKey],
        head: &RoomHead,
        snapshot: &Snapshot<'_>,
    ) -> Result<Self, StoreError> {
        let mut found = Vec::with_capacity(keys.len());
        for key in keys {
            let event = match head.known.get(key) {
                Some(event) => event.clone(),
                None => snapshot.auth_event(head.nid, &head.room_id, &key.0, &key.1)?,
            };
            found.push((key.clone(), event));
        }
        Ok(Self(found.into()))
    }

    /// What was looked up.
    pub(crate) fn found(&self) -> &[(StateKey, Option<Arc<AuthEvent>>)] {
        &self.0
    }

    /// The ids that go into the event's `auth_events`: all but the create event where the room id stands for it.
    pub(crate) fn ids(&self, rules: &AuthorizationRules) -> Vec<OwnedEventId> {
        self.0
            .iter()
            .filter(|(key, _)| {
                !(rules.room_create_event_id_as_room_id && key.0 == StateEventType::RoomCreate)
            })
            .filter_map(|(_, event)| event.as_ref().map(|event| event.event_id.clone()))
            .collect()
    }

    fn get(&self, kind: &StateEventType, state_key: &str) -> Option<&AuthEvent> {
        self.0.iter().find(|(key, _)| key.0 == *kind && key.1 == state_key)?.1.as_deref()
    }

    fn is_joined(&self, user: &UserId) -> bool {
        let member = self.get(&StateEventType::RoomMember, user.as_str());
        member.and_then(AuthEvent::membership) == Some(MembershipState::Join)
    }

    fn by_id(&self, id: &EventId) -> Option<&AuthEvent> {
        self.0.iter().filter_map(|(_, event)| event.as_deref()).find(|event| event.event_id == id)
    }

    /// Judges the draft, as if it stood at `link`. Outsiders get the answer they would get if there were no such room.
    pub(crate) fn check(
        &self,
        draft: &Draft,
        link: &Link,
        rules: &AuthorizationRules,
    ) -> Result<(), RoomError> {
        let about_self =
            draft.kind == "m.room.member" && draft.state_key.as_deref() == Some(draft.sender.as_str());
        if draft.kind != "m.room.create" && !about_self && !self.is_joined(&draft.sender) {
            return Err(RoomError::not_in_room());
        }
        if let (true, Some(create)) = (
            rules.explicitly_privilege_room_creators && draft.kind == "m.room.power_levels",
            self.get(&StateEventType::RoomCreate, ""),
        ) {
            power::check_no_creators(&draft.content, create, rules)?;
        }
        let event = as_auth_event(draft, link, placeholder())?;
        let refuse = |reason: String| match self.get(&StateEventType::RoomMember, draft.sender.as_str()) {
            None if draft.kind != "m.room.create" => RoomError::not_in_room(),
            _ => RoomError::Forbidden(format!("The room's rules do not allow this: {reason}.")),
        };
        check_state_independent_auth_rules(rules, &event, |id| self.by_id(id)).map_err(refuse)?;
        check_state_dependent_auth_rules(rules, &event, |kind, key| self.get(kind, key)).map_err(refuse)
    }
}

/// True if the auth rules look at nothing of the draft but its sender and its type. Of some types they read the content.
fn judged_by_type(draft: &Draft) -> bool {
    let kind = draft.kind.as_str();
    let plain = !kind.starts_with("m.room.") || matches!(kind, "m.room.message" | "m.room.encrypted");
    plain && draft.state_key.is_none()
}

/// The event as the auth rules of later events will see it.
pub(crate) fn as_auth_event(
    draft: &Draft,
    link: &Link,
    event_id: OwnedEventId,
) -> Result<AuthEvent, RoomError> {
    Ok(AuthEvent {
        event_id,
        room_id: draft.room_id.clone(),
        sender: draft.sender.clone(),
        ts: draft.ts,
        kind: draft.kind.as_str().into(),
        state_key: draft.state_key.clone(),
        content: raw(draft)?,
        auth: link.auth.clone(),
        prev: link.prev.clone(),
    })
}

/// An event is judged before it is signed, so it has no id yet; no rule of room versions 10 to 12 looks at it.
fn placeholder() -> OwnedEventId {
    ruma::event_id!("$unsigned").to_owned()
}

fn raw(draft: &Draft) -> Result<Box<RawValue>, StoreError> {
    RawValue::from_string(draft.content.json().to_owned()).map_err(to_json_error("event"))
}
