//! A miss: find the room of a contact, accept it, or make it (DM2, DM3).

use std::time::Duration;

use ruma::UserId;
use ruma::api::client::room::create_room::v3::{Request, RoomPreset};

use super::{Trouble, join};
use crate::core::{Core, Session};
use crate::error::Error;
use crate::store::{DmRoom, Member, direct, meta, rooms};
use crate::transport::{Failure, LONG_PATIENCE};

/// How long to wait for the sync that shows whether a room exists.
const SYNC_PATIENCE: Duration = Duration::from_secs(90);

/// Finds or makes the room.
pub(super) async fn ensure(core: &Core, session: &Session, contact: &str) -> Result<DmRoom, Trouble> {
    if let Some(room) = find(core, session, contact).await? {
        return Ok(room);
    }
    // Only who has seen all rooms may say that there is none: not before the first sync, and not while a room may have
    // been made of which no answer came (a crash, a broken line).
    let who = contact.to_owned();
    let (unsure, first) = core
        .store
        .read(move |db| Ok((direct::creating_since(db, &who)?.is_some(), meta::sync_token(db)?.is_none())))
        .await?;
    if unsure || first {
        tokio::time::timeout(SYNC_PATIENCE, core.fresh_sync())
            .await
            .map_err(|_| Trouble::Network(Failure::Offline("no sync came through".to_owned())))?;
        if let Some(room) = find(core, session, contact).await? {
            forget_creating(core, contact).await?;
            return Ok(room);
        }
    }
    create(core, session, contact).await
}

async fn find(core: &Core, session: &Session, contact: &str) -> Result<Option<DmRoom>, Trouble> {
    let (who, me) = (contact.to_owned(), session.account.user_id.clone());
    let (primary, unlisted, invited) = core
        .store
        .read(move |db| {
            Ok((rooms::primary(db, &who)?, rooms::unlisted(db, &who, &me)?, rooms::invited(db, &who)?))
        })
        .await?;
    if primary.is_some() {
        return Ok(primary);
    }
    if let Some(room) = unlisted {
        enter(core, contact, &room.room_id).await?;
        return Ok(Some(room));
    }
    let Some(room) = invited else { return Ok(None) };
    match join(core, session, &room.room_id).await {
        Ok(_) => {
            enter(core, contact, &room.room_id).await?;
            Ok(Some(DmRoom { membership: "join".to_owned(), ..room }))
        }
        Err(Trouble::Network(Failure::Matrix { status: 400..=404, .. })) => {
            let room_id = room.room_id;
            core.store.write(move |tx| tx.mark_unusable(&room_id)).await?;
            Ok(None)
        }
        Err(trouble) => Err(trouble),
    }
}

async fn enter(core: &Core, contact: &str, room_id: &str) -> Result<(), Trouble> {
    let (contact, room_id) = (contact.to_owned(), room_id.to_owned());
    core.store.write(move |tx| tx.enter_direct(&contact, &room_id)).await?;
    Ok(())
}

async fn create(core: &Core, session: &Session, contact: &str) -> Result<DmRoom, Trouble> {
    let invitee = UserId::parse(contact)
        .map_err(|_| Trouble::Store(Error::NotFound(format!("The person {contact}"))))?;
    let who = contact.to_owned();
    core.store.write(move |tx| tx.begin_creating(&who)).await?;
    let mut request = Request::new();
    request.is_direct = true;
    request.invite = vec![invitee];
    request.preset = Some(RoomPreset::TrustedPrivateChat);
    let answer = match session.http.call(request, LONG_PATIENCE).await {
        Ok(answer) => answer,
        Err(failure) => {
            // A Matrix error says that nothing was made. Silence says nothing: the note stays.
            if matches!(failure, Failure::Matrix { status: 400..=499, .. }) {
                forget_creating(core, contact).await?;
            }
            return Err(Trouble::Network(failure));
        }
    };
    let (room_id, who) = (answer.room_id.to_string(), contact.to_owned());
    let made = room_id.clone();
    core.store
        .write(move |tx| {
            // Sync may have been faster, and knows better.
            if tx.room(&made)?.is_none() {
                tx.set_membership(&made, "join")?;
                tx.set_created(&made, tx.now)?;
                let invited = Member { membership: "invite".to_owned(), name: String::new(), avatar: None };
                tx.set_member(&made, &who, &invited)?;
            }
            tx.set_direct_hint(&made, &who)?;
            tx.enter_direct(&who, &made)?;
            tx.end_creating(&who)
        })
        .await?;
    Ok(DmRoom { room_id, membership: "join".to_owned(), encrypted: false })
}

async fn forget_creating(core: &Core, contact: &str) -> Result<(), Trouble> {
    let contact = contact.to_owned();
    core.store.write(move |tx| tx.end_creating(&contact)).await?;
    Ok(())
}
