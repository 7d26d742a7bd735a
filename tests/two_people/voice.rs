//! A voice message as every Matrix client understands it (VO3).

use hark_client::VoiceClip;
use hark_client::model::{Content, ConversationId, Message};
use hark_testkit::{Person, Program, Resident, Server};
use serde_json::{Value, json};

use crate::support::{Talk, kind_of, talking};

#[tokio::test]
async fn voice_arrives_as_ogg_opus_with_duration_and_waveform() {
    let server = Server::start().await;
    let (alice, bob) = talking(&server).await;
    let clip = recorded(2500);
    let written = alice.send_voice(&bob.user_id(), clip.clone()).await.unwrap();
    let sent = alice.sent(&written).await;

    // As another Matrix client sees it.
    let on_bob = Person::login(&server.url(), "bob").await;
    let event = on_bob.history(&sent.room_id).await.pop().unwrap();
    let content = &event["content"];
    assert_eq!(content["msgtype"], "m.audio");
    assert_eq!(content["info"]["mimetype"].as_str().unwrap().split(';').next(), Some("audio/ogg"));
    assert_eq!(content["info"]["size"], json!(clip.ogg.len()));
    let duration = content["info"]["duration"].as_u64().unwrap();
    assert!(duration.abs_diff(2500) <= 40, "{duration}");
    assert!(content["org.matrix.msc3245.voice"].is_object(), "{content}");
    assert_eq!(content["org.matrix.msc1767.audio"]["duration"], json!(duration));
    assert_eq!(content["org.matrix.msc1767.audio"]["waveform"], json!(clip.waveform));

    // As Bob sees and hears it.
    let id = ConversationId(alice.user_id());
    let heard = bob
        .until("the voice message", async |engine| {
            let page = engine.timeline(&id, None, 10).await.ok()?;
            page.messages.into_iter().find(|message| matches!(message.content, Content::Voice { .. }))
        })
        .await;
    let Content::Voice { source, duration_ms, waveform, played } = &heard.content else { unreachable!() };
    assert_eq!(*duration_ms, duration);
    assert_eq!(waveform, &clip.waveform);
    assert!(!played);
    let bytes = bob.media(source, hark_client::MediaKind::Voice).await.unwrap();
    assert_eq!(bytes, clip.ogg);
    let pcm = hark_voice::decode(&bytes, &hark_voice::Limits::default()).unwrap();
    assert!(pcm.duration_ms().abs_diff(2500) <= 40, "{}", pcm.duration_ms());
}

#[tokio::test]
async fn voice_keeps_its_place_among_words() {
    let server = Server::start().await;
    let (alice, bob) = talking(&server).await;
    // The upload takes longer than a text; the order is that of writing all the same (SE8).
    alice.send_text(&bob.user_id(), "one").await.unwrap();
    alice.send_voice(&bob.user_id(), recorded(1000)).await.unwrap();
    let last = alice.send_text(&bob.user_id(), "three").await.unwrap();
    let room = alice.sent(&last).await.room_id;
    let events = Person::login(&server.url(), "bob").await.history(&room).await;
    let messages = events.iter().filter(|event| event["type"] == "m.room.message");
    let kinds: Vec<_> = messages.map(|event| event["content"]["msgtype"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["m.text", "m.text", "m.audio", "m.text"]);
}

#[tokio::test]
async fn heard_voice_stays_heard() {
    let server = Server::start().await;
    let (alice, bob) = talking(&server).await;
    let written = alice.send_voice(&bob.user_id(), recorded(500)).await.unwrap();
    alice.sent(&written).await;
    let id = ConversationId(alice.user_id());
    let voice = async |engine: &hark_client::Engine| {
        let page = engine.timeline(&id, None, 10).await.ok()?;
        page.messages.into_iter().find_map(|message| match message.content {
            Content::Voice { played, .. } => Some((message.key, played)),
            _ => None,
        })
    };
    let (key, played) = bob.until("the voice message", voice).await;
    assert!(!played);
    bob.mark_played(key).await.unwrap();
    bob.until("it is marked as heard", async |engine| voice(engine).await.filter(|(_, played)| *played))
        .await;
    let bob = bob.reopen().await;
    assert_eq!(voice(&bob).await, Some((key, true)));
}

#[tokio::test]
async fn hearing_the_second_of_three_shows_only_the_second_as_played_to_who_spoke() {
    let server = Server::start().await;
    let (alice, bob) = talking(&server).await;
    let mut sent = Vec::new();
    for milliseconds in [400, 500, 600] {
        let written = alice.send_voice(&bob.user_id(), recorded(milliseconds)).await.unwrap();
        sent.push(alice.sent(&written).await);
    }
    let id = ConversationId(alice.user_id());
    let heard = bob
        .until("all three", async |engine| {
            let page = engine.timeline(&id, None, 10).await.ok()?;
            let voice = |message: &Message| matches!(message.content, Content::Voice { .. });
            let voices: Vec<_> = page.messages.into_iter().filter(voice).collect();
            (voices.len() == 3).then_some(voices)
        })
        .await;
    let states = async |engine: &hark_client::Engine, expected: [&str; 3]| {
        let page = engine.timeline(&ConversationId(bob.user_id()), None, 10).await.ok()?;
        let voices = page.messages.iter().filter(|message| matches!(message.content, Content::Voice { .. }));
        let states: Vec<_> = voices.map(|message| kind_of(&message.state)).collect();
        (states == expected).then_some(())
    };

    bob.mark_played(heard[1].key).await.unwrap();
    alice
        .until("the second is played", async |engine| states(engine, ["sent", "played", "sent"]).await)
        .await;
    bob.mark_read(&id, heard[2].key).await.unwrap();
    let read = ["read", "played", "read"];
    alice.until("read takes nothing back", async |engine| states(engine, read).await).await;

    // On a device of Alice that comes anew, and on another of Bob's.
    let other = Resident::login(&server.url(), "alice").await;
    other.until("the new device knows", async |engine| states(engine, read).await).await;
    let other = Resident::login(&server.url(), "bob").await;
    other
        .until("what was heard elsewhere is heard", async |engine| {
            let page = engine.timeline(&id, None, 10).await.ok()?;
            let played = page.messages.iter().filter_map(|message| match message.content {
                Content::Voice { played, .. } => Some(played),
                _ => None,
            });
            (played.collect::<Vec<_>>() == [false, true, false]).then_some(())
        })
        .await;

    // After a restart, to a script.
    alice.close().await;
    let said = Program::hark(&alice.data()).args(["read", &bob.user_id(), "--json"]).run().await.ok();
    let states: Vec<Value> = said
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .filter(|message| message["kind"] == "voice")
        .map(|message| message["state"].clone())
        .collect();
    assert_eq!(states, read);
}

/// A voice message made from a WAV as a microphone gives one: a tone that swells and fades.
fn recorded(milliseconds: u32) -> VoiceClip {
    let hark_voice::Clip { ogg, duration_ms, waveform } = hark_voice::prepare(&wav(milliseconds)).unwrap();
    VoiceClip { ogg, duration_ms, waveform }
}

/// 16 bit, mono, 48 kHz.
pub(crate) fn wav(milliseconds: u32) -> Vec<u8> {
    const RATE: u32 = 48_000;
    let samples = RATE * milliseconds / 1000;
    let bytes = samples * 2;
    let mut wav = Vec::with_capacity(44 + bytes as usize);
    wav.extend(b"RIFF");
    wav.extend((36 + bytes).to_le_bytes());
    wav.extend(b"WAVEfmt ");
    wav.extend(16_u32.to_le_bytes());
    wav.extend(1_u16.to_le_bytes());
    wav.extend(1_u16.to_le_bytes());
    wav.extend(RATE.to_le_bytes());
    wav.extend((RATE * 2).to_le_bytes());
    wav.extend(2_u16.to_le_bytes());
    wav.extend(16_u16.to_le_bytes());
    wav.extend(b"data");
    wav.extend(bytes.to_le_bytes());
    for n in 0..samples {
        let time = f64::from(n) / f64::from(RATE);
        let swell = (std::f64::consts::PI * f64::from(n) / f64::from(samples)).sin();
        let sample = (time * 330.0 * std::f64::consts::TAU).sin() * swell * 12_000.0;
        wav.extend((sample as i16).to_le_bytes());
    }
    wav
}
