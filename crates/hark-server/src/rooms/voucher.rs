//! Restricted joins: the join rule lets members of other rooms in, and a member of this one vouches for each of them (spec:
//! "Restricted rooms"). The auth rules can only check that the voucher may invite; that the newcomer is in an allowed room is
//! checked here and nowhere else, so no client may name the voucher itself.

use ruma::{OwnedRoomId, OwnedUserId, RoomId, UserId, events::StateEventType};
use serde_json::Value;

use super::{RoomError, power};
use crate::store::{RoomHead, RoomNid, Snapshot, StoreError, Tx};

/// Who vouches for a join that the join rule allows to members of other rooms: a joined member who may invite.
pub(super) fn for_join(
    tx: &mut Tx<'_>,
    room: RoomNid,
    user: &UserId,
) -> Result<Option<OwnedUserId>, RoomError> {
    let Some(head) = tx.head(room)? else { return Ok(None) };
    let Some(rules) = power::current(tx, &head, StateEventType::RoomJoinRules)? else { return Ok(None) };
    for allowed in allowed_rooms(rules.content.get()) {
        if let Some(nid) = tx.room_nid(&allowed)?
            && is_in(tx, nid, user)?
        {
            return a_member_who_may_invite(tx, &head);
        }
    }
    Ok(None)
}

/// The rooms whose members may come in. What is mangled in the rule allows nobody.
fn allowed_rooms(join_rules: &str) -> Vec<OwnedRoomId> {
    let rules: Value = serde_json::from_str(join_rules).unwrap_or_default();
    if !matches!(rules["join_rule"].as_str(), Some("restricted" | "knock_restricted")) {
        return Vec::new();
    }
    let allow = rules["allow"].as_array().map(Vec::as_slice).unwrap_or_default();
    allow
        .iter()
        .filter(|condition| condition["type"] == "m.room_membership")
        .filter_map(|condition| RoomId::parse(condition["room_id"].as_str()?).ok())
        .collect()
}

pub(super) fn is_in(snapshot: &Snapshot<'_>, room: RoomNid, user: &UserId) -> Result<bool, StoreError> {
    Ok(snapshot.membership(user, room)?.is_some_and(|membership| membership.is_joined()))
}

fn a_member_who_may_invite(tx: &Tx<'_>, head: &RoomHead) -> Result<Option<OwnedUserId>, RoomError> {
    let levels = power::power_levels(tx, head)?;
    let creators = levels.rules.privileged_creators.iter().flatten();
    for user in creators.chain(levels.users.keys()).filter(|user| levels.user_can_invite(user)) {
        if is_in(tx, head.nid, user)? {
            return Ok(Some(user.clone()));
        }
    }
    // Nobody is named, but everybody may invite.
    let members = tx.members_at(head.nid, head.pos)?;
    Ok(members
        .into_iter()
        .find(|member| member.is_joined() && levels.user_can_invite(&member.user))
        .map(|m| m.user))
}

#[cfg(test)]
mod tests {
    use super::allowed_rooms;

    #[test]
    fn what_is_mangled_in_a_join_rule_allows_nobody() {
        for rule in [
            r#"{"join_rule":"restricted"}"#,
            r#"{"join_rule":"restricted","allow":"invalid"}"#,
            r#"{"join_rule":"restricted","allow":["invalid"]}"#,
            r#"{"join_rule":"restricted","allow":[{"type":"m.room_membership"}]}"#,
            r#"{"join_rule":"restricted","allow":[{"type":"m.room_membership","room_id":7}]}"#,
            r#"{"join_rule":"restricted","allow":[{"type":"org.other","room_id":"!a:hark.test"}]}"#,
            r#"{"join_rule":"invite","allow":[{"type":"m.room_membership","room_id":"!a:hark.test"}]}"#,
        ] {
            assert!(allowed_rooms(rule).is_empty(), "{rule}");
        }
        let beside = r#"{"join_rule":"knock_restricted","allow":["bad",{"type":"m.room_membership","room_id":"!a:hark.test"}]}"#;
        assert_eq!(allowed_rooms(beside), ["!a:hark.test"]);
    }
}
