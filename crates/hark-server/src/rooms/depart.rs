//! Leaving everything: what becomes of the memberships of an account that is closed.

use ruma::{OwnedUserId, events::room::member::MembershipState};

use super::{RoomError, Rooms, member};
use crate::store::{Membership, RoomNid};

/// Rooms left in one transaction.
const AT_ONCE: usize = 100;

impl Rooms {
    /// Leaves every room `user` is in, turns down what they are invited to and takes back their knocks. Broken off, it can be done
    /// again: what is left already stays left.
    pub(crate) async fn leave_all(&self, user: &OwnedUserId) -> Result<(), RoomError> {
        let asked = user.clone();
        let rooms =
            self.store.read::<_, RoomError, _>(move |snapshot| Ok(snapshot.rooms_of(&asked)?)).await?;
        let rooms: Vec<RoomNid> = rooms.into_iter().filter(is_to_end).map(|member| member.room).collect();
        for some in rooms.chunks(AT_ONCE) {
            let (some, user, signer) = (some.to_vec(), user.clone(), self.signer.clone());
            self.store
                .write::<_, RoomError, _>(move |tx| {
                    some.into_iter().try_for_each(|room| match member::leave(tx, room, &user, &signer) {
                        // Turned out in this very moment.
                        Err(RoomError::Forbidden(_)) => Ok(()),
                        done => done,
                    })
                })
                .await?;
        }
        Ok(())
    }
}

fn is_to_end(member: &Membership) -> bool {
    matches!(member.state, MembershipState::Join | MembershipState::Invite | MembershipState::Knock)
}
