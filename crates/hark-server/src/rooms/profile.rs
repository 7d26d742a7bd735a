//! A changed name or picture goes into the member events of the rooms its owner is in.

use ruma::{CanonicalJsonObject, CanonicalJsonValue, OwnedUserId, events::StateEventType};

use super::{Content, RoomError, Rooms, Signer, append, draft};
use crate::store::{Membership, RoomNid, Tx};

/// Rooms changed in one transaction.
const AT_ONCE: usize = 100;

/// One field of a profile that changed.
#[derive(Clone, Debug)]
pub(crate) struct ProfileChange {
    /// `displayname` or `avatar_url`.
    pub(crate) field: &'static str,
    pub(crate) before: Option<String>,
    pub(crate) after: Option<String>,
}

impl Rooms {
    /// Shows the new value in every room where the old one was shown; where the user shows something else on purpose, it stays.
    pub(crate) async fn show_profile(
        &self,
        user: OwnedUserId,
        change: ProfileChange,
    ) -> Result<(), RoomError> {
        let asked = user.clone();
        let rooms =
            self.store.read::<_, RoomError, _>(move |snapshot| Ok(snapshot.rooms_of(&asked)?)).await?;
        let rooms: Vec<RoomNid> = rooms.into_iter().filter(Membership::is_joined).map(|m| m.room).collect();
        for some in rooms.chunks(AT_ONCE) {
            let (some, user, change, signer) =
                (some.to_vec(), user.clone(), change.clone(), self.signer.clone());
            self.store
                .write::<_, RoomError, _>(move |tx| {
                    some.into_iter().try_for_each(|room| show_in(tx, room, &user, &change, &signer))
                })
                .await?;
        }
        Ok(())
    }
}

fn show_in(
    tx: &mut Tx<'_>,
    room: RoomNid,
    user: &OwnedUserId,
    change: &ProfileChange,
    signer: &Signer,
) -> Result<(), RoomError> {
    let Some(head) = tx.head(room)? else { return Ok(()) };
    let member = tx.auth_event(room, &head.room_id, &StateEventType::RoomMember, user.as_str())?;
    let Some(member) = member else { return Ok(()) };
    let mut content: CanonicalJsonObject = Content::parse(member.content.get())?.object().clone();
    let shown = content.get(change.field).and_then(CanonicalJsonValue::as_str);
    let is_join = content.get("membership").and_then(CanonicalJsonValue::as_str) == Some("join");
    if !is_join || shown != change.before.as_deref() {
        return Ok(());
    }
    match &change.after {
        Some(after) => content.insert(change.field.into(), CanonicalJsonValue::String(after.clone())),
        None => content.remove(change.field),
    };
    // It is the same join still, not one that somebody vouches for again, and its reason was another's.
    content.remove("join_authorised_via_users_server");
    content.remove("reason");
    let draft = draft(
        head.room_id.clone(),
        user.clone(),
        "m.room.member",
        Some(user.to_string()),
        Content::from(content),
    );
    match append::append(tx, room, draft, None, signer) {
        // A room whose rules forbid it keeps the old name.
        Ok(_) | Err(RoomError::Forbidden(_)) => Ok(()),
        Err(error) => Err(error),
    }
}
