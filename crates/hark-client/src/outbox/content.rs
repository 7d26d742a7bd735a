//! What goes out: the JSON of an event's content.

use serde_json::{Value, json};

use crate::model::Content;

/// Plain words.
pub(crate) fn text(body: &str) -> Value {
    json!({ "msgtype": "m.text", "body": body, "m.mentions": {} })
}

/// A voice message (MSC3245 over MSC1767), which clients that know neither play as a sound file. The address of the
/// sound is filled in after its upload.
pub(crate) fn voice(duration_ms: u64, waveform: &[u16], size: usize) -> Value {
    json!({
        "msgtype": "m.audio",
        "body": "Voice message.ogg",
        "info": { "duration": duration_ms, "mimetype": VOICE_MIME, "size": size },
        "org.matrix.msc1767.audio": { "duration": duration_ms, "waveform": waveform },
        "org.matrix.msc1767.text": "Voice message",
        "org.matrix.msc3245.voice": {},
        "m.mentions": {},
    })
}

/// The type of every voice message we send.
pub(crate) const VOICE_MIME: &str = "audio/ogg";

/// How the sender's own thread shows a voice message before it is uploaded.
pub(crate) fn shown_voice(duration_ms: u64, waveform: Vec<u16>) -> Content {
    Content::Voice { source: String::new(), duration_ms, waveform, played: true }
}

/// The content as it goes out: with the address of the upload, where there was one.
pub(crate) fn sealed(content: &str, mxc: Option<&str>) -> serde_json::Result<String> {
    let mut value: Value = serde_json::from_str(content)?;
    if let (Some(mxc), Value::Object(fields)) = (mxc, &mut value) {
        fields.insert("url".to_owned(), json!(mxc));
    }
    serde_json::to_string(&value)
}

#[cfg(test)]
mod tests {
    use super::{sealed, text, voice};

    #[test]
    fn other_clients_see_a_voice_message_with_length_and_bars() {
        let content = voice(2_340, &[0, 1024, 512], 9_876).to_string();
        let value: serde_json::Value =
            serde_json::from_str(&sealed(&content, Some("mxc://x/1")).expect("json")).expect("json");
        insta::assert_json_snapshot!(value);
    }

    #[test]
    fn words_go_out_as_typed() {
        insta::assert_json_snapshot!(text("a < b & \"c\"\n👋"));
    }
}
