//! From an event to what a thread shows of it. Pure: the same event always renders the same.

use serde_json::{Map, Value};

use crate::event::{Event, text};
use crate::model::{AttachmentKind, Content, SystemChange};

/// What an event means to a thread.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Rendered {
    /// A message.
    Show(Content),
    /// New content for another event.
    Edit { target: String, content: Content },
    /// The end of another event.
    Redact { target: String },
    /// Nothing to see.
    Hide,
}

/// Longest text kept of one message; the protocol's own bound is below it.
const LONGEST: usize = 70_000;
/// As many bars as a player can show.
const MOST_BARS: usize = 512;

/// Renders a timeline event that is not about the room itself.
pub(crate) fn render(event: &Event) -> Rendered {
    match event.kind.as_str() {
        "m.room.message" | "m.room.encrypted" if event.content.is_empty() => {
            Rendered::Show(Content::Redacted)
        }
        "m.room.message" => message(event),
        "m.room.encrypted" => match target_of(&event.content, "m.replace") {
            Some(_) => Rendered::Hide,
            None => Rendered::Show(Content::Unsupported { body: "Encrypted message".to_owned() }),
        },
        "m.sticker" => Rendered::Show(attachment(AttachmentKind::Image, &event.content)),
        "m.room.redaction" => match event.redacts() {
            Some(target) => Rendered::Redact { target: target.to_owned() },
            None => Rendered::Hide,
        },
        _ => fallback(event),
    }
}

/// Extensible events and whatever others invent carry a text for those who do not know them.
fn fallback(event: &Event) -> Rendered {
    if event.state_key.is_some() || event.kind.starts_with("m.reaction") || event.kind.starts_with("m.call") {
        return Rendered::Hide;
    }
    let said = event.text("body").or_else(|| event.text("org.matrix.msc1767.text"));
    match said.filter(|said| !said.trim().is_empty()) {
        Some(said) => Rendered::Show(Content::Unsupported { body: clip(said) }),
        None => Rendered::Hide,
    }
}

fn message(event: &Event) -> Rendered {
    if let Some(target) = target_of(&event.content, "m.replace") {
        return match event.content.get("m.new_content") {
            Some(Value::Object(new)) => Rendered::Edit { target, content: content(new) },
            _ => Rendered::Hide,
        };
    }
    Rendered::Show(content(&event.content))
}

fn target_of(content: &Map<String, Value>, relation: &str) -> Option<String> {
    let relates = content.get("m.relates_to")?.as_object()?;
    (text(relates, "rel_type")? == relation).then_some(())?;
    Some(text(relates, "event_id")?.to_owned())
}

fn content(fields: &Map<String, Value>) -> Content {
    let body = || text(fields, "body").map(without_reply_fallback).map(clip);
    match text(fields, "msgtype").unwrap_or_default() {
        "m.text" | "m.notice" => Content::Text { body: body().unwrap_or_default() },
        "m.emote" => Content::Text { body: format!("* {}", body().unwrap_or_default()) },
        "m.audio" | "m.voice" => voice(fields),
        "m.image" => attachment(AttachmentKind::Image, fields),
        "m.video" => attachment(AttachmentKind::Video, fields),
        "m.file" => attachment(AttachmentKind::File, fields),
        _ => Content::Unsupported { body: body().unwrap_or_default() },
    }
}

/// Replies of older clients quote the message in their text, in lines that begin with `>`.
fn without_reply_fallback(body: &str) -> &str {
    if !body.starts_with("> <") {
        return body;
    }
    body.split_once("\n\n").map_or(body, |(_, rest)| rest)
}

/// MSC3245 over MSC1767, plain `m.audio`, and what lies between: the length and the bars are wherever the sender put them.
fn voice(fields: &Map<String, Value>) -> Content {
    let details = ["org.matrix.msc1767.audio", "m.audio_details", "m.audio"]
        .iter()
        .find_map(|name| fields.get(*name)?.as_object());
    let length = details
        .and_then(|details| number(details, "duration"))
        .or_else(|| fields.get("info")?.as_object().and_then(|info| number(info, "duration")));
    let bars = details.and_then(|details| details.get("waveform")?.as_array());
    Content::Voice {
        source: source(fields),
        duration_ms: length.unwrap_or(0),
        waveform: bars.map(|bars| waveform(bars)).unwrap_or_default(),
        played: false,
    }
}

fn waveform(bars: &[Value]) -> Vec<u16> {
    let loud = |bar: &Value| bar.as_f64().unwrap_or(0.0).clamp(0.0, 1024.0) as u16;
    bars.iter().take(MOST_BARS).map(loud).collect()
}

fn attachment(kind: AttachmentKind, fields: &Map<String, Value>) -> Content {
    let info = fields.get("info").and_then(Value::as_object);
    let pixels = |name| info.and_then(|info| number(info, name)).and_then(|n| u32::try_from(n).ok());
    Content::Attachment {
        attachment: kind,
        body: clip(text(fields, "body").unwrap_or_default()),
        source: source(fields),
        size: info.and_then(|info| number(info, "size")),
        mime: info.and_then(|info| text(info, "mimetype")).map(str::to_owned),
        width: pixels("w"),
        height: pixels("h"),
    }
}

fn source(fields: &Map<String, Value>) -> String {
    text(fields, "url").filter(|url| url.starts_with("mxc://")).unwrap_or_default().to_owned()
}

/// Some clients write milliseconds as a float, some as text.
fn number(map: &Map<String, Value>, name: &str) -> Option<u64> {
    let value = map.get(name)?;
    value
        .as_u64()
        .or_else(|| value.as_f64().filter(|n| n.is_finite() && *n >= 0.0).map(|n| n as u64))
        .or_else(|| value.as_str()?.parse().ok())
}

fn clip(text: &str) -> String {
    let end = text.char_indices().map(|(at, c)| at + c.len_utf8()).take_while(|end| *end <= LONGEST).last();
    text[..end.unwrap_or(0)].replace('\0', "")
}

/// The line a state event in the timeline makes, if any. `who` and `by` are names to show.
pub(crate) fn system_line(
    event: &Event,
    before: Option<&str>,
    who: String,
    by: String,
) -> Option<SystemChange> {
    match event.kind.as_str() {
        "m.room.create" => Some(SystemChange::Created { by }),
        "m.room.name" => {
            let name = event.text("name").filter(|name| !name.trim().is_empty())?;
            Some(SystemChange::Renamed { name: clip(name), by })
        }
        "m.room.member" => {
            let own = event.state_key.as_deref() == Some(&event.sender);
            match (before, event.text("membership")?) {
                (Some("join"), "join") | (Some("leave"), "leave") => None,
                (_, "join") => Some(SystemChange::Joined { who }),
                (_, "invite") => Some(SystemChange::Invited { who, by }),
                (_, "leave" | "ban") if own => Some(SystemChange::Left { who }),
                (_, "leave" | "ban") => Some(SystemChange::Removed { who, by }),
                _ => None,
            }
        }
        _ => None,
    }
}

/// Whether a message names me: by the sender's own list where there is one, else by my id or name in its words.
pub(crate) fn names_me(event: &Event, me: &str, my_name: &str) -> bool {
    if let Some(Value::Object(mentions)) = event.content.get("m.mentions") {
        let listed = mentions.get("user_ids").and_then(Value::as_array);
        return mentions.get("room") == Some(&Value::Bool(true))
            || listed.is_some_and(|ids| ids.iter().any(|id| id.as_str() == Some(me)));
    }
    let Some(body) = event.text("body") else { return false };
    let body = body.to_lowercase();
    let name = my_name.to_lowercase();
    body.contains(&me.to_lowercase())
        || (name.chars().count() > 1 && body.split(|c: char| !c.is_alphanumeric()).any(|word| word == name))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::{Rendered, names_me, render};
    use crate::event::Event;
    use crate::model::Content;

    fn event(content: Value) -> Event {
        Event::parse(
            json!({"type": "m.room.message", "event_id": "$e", "sender": "@a:x", "content": content}),
        )
        .expect("an event")
    }

    #[test]
    fn a_voice_message_has_its_length_wherever_the_sender_put_it() {
        let bars = |content: Value| match render(&event(content)) {
            Rendered::Show(Content::Voice { duration_ms, waveform, .. }) => (duration_ms, waveform),
            other => panic!("{other:?}"),
        };
        let element = json!({"msgtype": "m.audio", "body": "Voice message.ogg", "url": "mxc://x/1",
            "info": {"duration": 1100, "mimetype": "audio/ogg"}, "org.matrix.msc3245.voice": {},
            "org.matrix.msc1767.audio": {"duration": 1234, "waveform": [0, 512, 2000]}});
        assert_eq!(bars(element), (1234, vec![0, 512, 1024]));
        let plain = json!({"msgtype": "m.audio", "body": "song.mp3", "url": "mxc://x/2", "info": {"duration": 9000.5}});
        assert_eq!(bars(plain), (9000, vec![]));
        assert_eq!(bars(json!({"msgtype": "m.audio", "body": "bare"})), (0, vec![]));
    }

    #[test]
    fn an_edit_names_its_target_and_a_reply_loses_its_quote() {
        let edit = event(
            json!({"msgtype": "m.text", "body": "* new", "m.new_content": {"msgtype": "m.text", "body": "new"},
            "m.relates_to": {"rel_type": "m.replace", "event_id": "$old"}}),
        );
        let content = Content::Text { body: "new".to_owned() };
        assert_eq!(render(&edit), Rendered::Edit { target: "$old".to_owned(), content });
        let reply = event(json!({"msgtype": "m.text", "body": "> <@b:x> question\n> more\n\nanswer"}));
        assert_eq!(render(&reply), Rendered::Show(Content::Text { body: "answer".to_owned() }));
    }

    #[test]
    fn the_senders_list_decides_who_is_named() {
        let listed = event(json!({"body": "hi", "m.mentions": {"user_ids": ["@me:x"]}}));
        assert!(names_me(&listed, "@me:x", "Me"));
        let not = event(json!({"body": "Me!", "m.mentions": {}}));
        assert!(!names_me(&not, "@me:x", "Me"));
        assert!(names_me(&event(json!({"body": "hey Anna!"})), "@me:x", "anna"));
        assert!(!names_me(&event(json!({"body": "Annabel"})), "@me:x", "anna"));
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            ".{0,20}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 24, 6, |inner| {
            let name = prop_oneof![
                Just("msgtype".to_owned()),
                Just("body".to_owned()),
                Just("info".to_owned()),
                Just("url".to_owned()),
                Just("m.relates_to".to_owned()),
                Just("org.matrix.msc1767.audio".to_owned()),
                Just("duration".to_owned()),
                Just("waveform".to_owned()),
                ".{0,8}",
            ];
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                proptest::collection::vec((name, inner), 0..6)
                    .prop_map(|fields| Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn whatever_comes_is_rendered_or_hidden(content in any_json(), kind in "m.room.message|m.audio|m.sticker|x.y") {
            let value = json!({"type": kind, "event_id": "$e", "sender": "@a:x", "content": content});
            if let Some(event) = Event::parse(value) {
                let _ = render(&event);
                let _ = names_me(&event, "@me:x", "me");
            }
        }
    }
}
