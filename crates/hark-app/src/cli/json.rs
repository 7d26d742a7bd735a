//! Rows as JSON objects, one a line. Scripts depend on the names: fields may be added, none renamed.

use hark_client::model::{AttachmentKind, Connection, Content, Conversation, Hit, Message, MessageState};
use serde_json::{Value, json};

pub(super) fn message(message: &Message, encrypted: bool) -> String {
    message_object(message, encrypted).to_string()
}

fn message_object(message: &Message, encrypted: bool) -> Value {
    let (kind, body) = kind_and_body(&message.content);
    let mut object = json!({
        "type": "message",
        "room_id": message.room_id,
        "event_id": message.event_id,
        "txn_id": message.txn_id,
        "sender": message.sender,
        "timestamp": message.timestamp,
        "kind": kind,
        "body": body,
        "duration_ms": duration(&message.content),
        "state": state(&message.state),
        "encrypted": encrypted,
        "sender_name": message.sender_name,
        "mine": message.mine,
        "edited": message.edited,
        "conversation": message.conversation,
        "key": message.key,
    });
    match &message.content {
        Content::Voice { source, waveform, played, .. } => {
            object["source"] = json!(source);
            object["waveform"] = json!(waveform);
            object["played"] = json!(played);
        }
        Content::Attachment { source, size, mime, .. } => {
            object["source"] = json!(source);
            object["size"] = json!(size);
            object["mime"] = json!(mime);
        }
        _ => {}
    }
    if let MessageState::Failed { reason, refused } = &message.state {
        object["reason"] = json!(reason);
        object["refused"] = json!(refused);
    }
    object
}

pub(super) fn kind_and_body(content: &Content) -> (&'static str, &str) {
    match content {
        Content::Text { body } => ("text", body),
        Content::Voice { .. } => ("voice", ""),
        Content::Attachment { attachment: AttachmentKind::Image, body, .. } => ("image", body),
        Content::Attachment { attachment: AttachmentKind::Video, body, .. } => ("video", body),
        Content::Attachment { attachment: AttachmentKind::File, body, .. } => ("file", body),
        Content::System { .. } => ("system", ""),
        Content::Redacted => ("redacted", ""),
        Content::Unsupported { body } => ("unsupported", body),
    }
}

fn duration(content: &Content) -> Option<u64> {
    match content {
        Content::Voice { duration_ms, .. } => Some(*duration_ms),
        _ => None,
    }
}

pub(super) fn state(state: &MessageState) -> &'static str {
    match state {
        MessageState::Sending { .. } => "sending",
        MessageState::Sent => "sent",
        MessageState::Delivered => "delivered",
        MessageState::Read => "read",
        MessageState::Played => "played",
        MessageState::Failed { .. } => "failed",
    }
}

pub(super) fn conversation(conversation: &Conversation) -> String {
    let last = conversation.last.as_ref().map(|last| message_object(last, conversation.encrypted));
    json!({
        "type": "conversation",
        "id": conversation.id,
        "room_id": conversation.room_id,
        "kind": conversation.kind,
        "name": conversation.name,
        "membership": conversation.membership,
        "unread": conversation.unread,
        "highlights": conversation.highlights,
        "waiting": conversation.waiting,
        "activity_ts": conversation.activity_ts,
        "encrypted": conversation.encrypted,
        "last": last,
    })
    .to_string()
}

pub(super) fn hit(hit: &Hit) -> String {
    let mut object = message_object(&hit.message, false);
    object["conversation_name"] = json!(hit.conversation_name);
    object["snippet"] = json!(hit.snippet);
    object.to_string()
}

pub(super) fn receipt(room_id: &str, event_id: &str, user_id: &str, timestamp: u64) -> String {
    json!({ "type": "receipt", "room_id": room_id, "event_id": event_id, "user_id": user_id, "timestamp": timestamp })
        .to_string()
}

pub(super) fn typing(room_id: &str, user_ids: &[String]) -> String {
    json!({ "type": "typing", "room_id": room_id, "user_ids": user_ids }).to_string()
}

pub(super) fn invite(room_id: &str, sender: &str, conversation: &str) -> String {
    json!({ "type": "invite", "room_id": room_id, "sender": sender, "conversation": conversation })
        .to_string()
}

pub(super) fn connection(connection: &Connection) -> String {
    let (state, reason) = link(connection);
    let retry_at = match connection {
        Connection::Offline { retry_at, .. } => Some(retry_at),
        _ => None,
    };
    json!({ "type": "connection", "state": state, "reason": reason, "retry_at": retry_at }).to_string()
}

pub(super) fn link(connection: &Connection) -> (&'static str, Option<&str>) {
    match connection {
        Connection::SignedOut => ("signed_out", None),
        Connection::Connecting => ("connecting", None),
        Connection::Online => ("online", None),
        Connection::Offline { reason, .. } => ("offline", Some(reason)),
        Connection::LoggedOut { reason } => ("logged_out", Some(reason)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hark_client::model::ConversationId;

    #[test]
    fn a_voice_message_has_every_promised_field() {
        let voice = Message {
            key: 3,
            order: String::new(),
            conversation: ConversationId("@bob:here".to_owned()),
            room_id: "!room:here".to_owned(),
            event_id: Some("$event".to_owned()),
            txn_id: None,
            sender: "@bob:here".to_owned(),
            sender_name: "Bob".to_owned(),
            mine: false,
            timestamp: 1_700_000_000_000,
            content: Content::Voice {
                source: "mxc://here/1".to_owned(),
                duration_ms: 2_500,
                waveform: vec![1, 2],
                played: false,
            },
            state: MessageState::Sent,
            edited: false,
        };
        let object: Value = serde_json::from_str(&message(&voice, true)).unwrap();
        let promised = json!({
            "type": "message", "room_id": "!room:here", "event_id": "$event", "txn_id": null, "sender": "@bob:here",
            "timestamp": 1_700_000_000_000_u64, "kind": "voice", "body": "", "duration_ms": 2_500, "state": "sent",
            "encrypted": true,
        });
        for (name, value) in promised.as_object().unwrap() {
            assert_eq!(&object[name], value, "{name}");
        }
    }
}
