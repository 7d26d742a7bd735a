//! From the last word to the other person's ear: two apps, one homeserver, a sound card without hardware.
//!
//! Alice records a note of five seconds and lets go. The recorder goes on for 150 ms, since people let go with their last
//! word; the last sample is taken then, and from there the clock runs. It stops when Bob's app has the note in its cache
//! and has decoded it: a click would sound. In between are the message made of the note, two stores, the upload, the event,
//! the sync and the download, all over loopback HTTP, with every durable step on the disk.
//!
//! Both apps are in one process, so that one clock measures; the homeserver is in its own.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use hark_app::App;
use hark_app::api::{Command, Event, InConversation, Nothing, Play, PlayerState};
use hark_app::model::{Content, ConversationId, MessageState};
use hark_client::{KeyPolicy, MediaKind, Options, SignInMode};
use hark_testkit::{SoundCard, sound};
use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};
use tokio::sync::broadcast::Receiver;

use crate::child::{Child, Role};
use crate::homeserver::Homeserver;
use crate::machine::{self, LoadWatch};
use crate::report::{Report, Target, at, times};
use crate::{Run, clock, disk};

/// Notes that count, after the first ones that warm everything up.
const NOTES: usize = 30;
const WARM_UP: usize = 3;

/// Length of a note.
const NOTE_MS: u64 = 5_000;

/// What the recorder keeps after the button was let go.
const TAIL: Duration = Duration::from_millis(150);

/// Anything that has not happened by then will not.
const DEADLINE: Duration = Duration::from_secs(30);

/// What the process with the apps is told.
#[derive(Serialize, Deserialize)]
struct Setup {
    homeserver: String,
}

/// Times of one note, in microseconds.
#[derive(Serialize, Deserialize)]
struct Note {
    /// Button pressed → first sample kept.
    begins: u64,
    /// Last sample → durable in Alice's outbox.
    kept: u64,
    /// Last sample → Bob can play it.
    playable: u64,
    /// Bob's click → the first sound.
    sounds: u64,
}

/// Measures in a process of its own, whose sound goes to a card of its own.
pub(crate) async fn bench(run: &Run) -> Result<Report> {
    let setup =
        "note of 5 s, plain room, loopback, two apps, homeserver apart; the 150 ms tail is not counted";
    let mut report = Report::new("voice_path", setup, machine::wait_for_quiet());
    let dir = tempfile::tempdir_in(run.dir())?;
    let server = Homeserver::start(&dir.path().join("server"), 0).await?;
    let card = SoundCard::plugged_in().await;
    let tone = dir.path().join("tone.wav");
    sound::write_wav(&tone, &sound::sine(440.0, 0.3, 600_000));
    let _speaker = card.says(&tone);
    let setup = Setup { homeserver: server.child.url().to_owned() };
    std::fs::write(setup_path(dir.path()), serde_json::to_vec(&setup)?)?;
    let cost = disk::sync_cost(run.dir(), 100, Duration::from_millis(50))?;
    let watch = LoadWatch::start(&[server.child.pid()]);
    let printed = Child::output_with(Role::VoicePath, dir.path(), &card.environment()).await?;
    report.saw_load(watch.percent());
    let notes: Vec<Note> = serde_json::from_str(printed.trim()).context("what the apps measured")?;
    ensure!(notes.len() == NOTES, "{} notes", notes.len());
    let figures = |of: fn(&Note) -> u64| -> Result<Histogram<u64>> {
        let mut histogram = times()?;
        for note in &notes {
            histogram.saturating_record(of(note));
        }
        Ok(histogram)
    };
    report.add("F, p50", at(&cost, 0.5), "ms");
    report.add_times("last sample → in the outbox", &figures(|note| note.kept)?);
    let playable = figures(|note| note.playable)?;
    report.judge("last sample → other side can play, p50", at(&playable, 0.5), "ms", Target::AtMost(30.0));
    report.judge("last sample → other side can play, p95", at(&playable, 0.95), "ms", Target::AtMost(50.0));
    let begins = figures(|note| note.begins)?;
    report.judge("press → first sample kept, warm, p50", at(&begins, 0.5), "ms", Target::AtMost(50.0));
    report.add("press → first sample kept, warm, p95", at(&begins, 0.95), "ms");
    let sounds = figures(|note| note.sounds)?;
    report.judge("click → first sound of a cached note, p50", at(&sounds, 0.5), "ms", Target::AtMost(60.0));
    report.add("click → first sound of a cached note, p95", at(&sounds, 0.95), "ms");
    server.child.stop().await?;
    Ok(report)
}

fn setup_path(dir: &Path) -> PathBuf {
    dir.join("setup.json")
}

/// The process with the apps: prints what each note took.
pub(crate) async fn probe(dir: &Path) -> Result<()> {
    let setup: Setup = serde_json::from_slice(&std::fs::read(setup_path(dir))?)?;
    let (alice, bob) = (person(dir, "alice", &setup).await?, person(dir, "bob", &setup).await?);
    let (to_bob, to_alice) = (id_of(&bob)?, id_of(&alice)?);
    let hello = alice.engine().send_text(&to_bob.0, "hello").await?;
    let hello = alice.engine().wait_settled(hello.key).await?;
    ensure!(hello.state == MessageState::Sent, "{hello:?}");
    wait(&mut bob.events(), || async { bob.engine().conversation(&to_alice).await.ok().flatten() }).await?;
    bob.engine().accept(&to_alice).await?;
    let mut notes = Vec::new();
    for number in 0..WARM_UP + NOTES {
        let note = note(&alice, &bob, &to_bob).await?;
        if number >= WARM_UP {
            notes.push(note);
        }
    }
    println!("{}", serde_json::to_string(&notes)?);
    alice.close().await;
    bob.close().await;
    Ok(())
}

async fn person(dir: &Path, name: &str, setup: &Setup) -> Result<App> {
    let app = App::open(Options::new(dir.join(name)).key(KeyPolicy::File)).await.map_err(said)?;
    app.engine().sign_in(&setup.homeserver, name, "correct horse battery", SignInMode::Register).await?;
    Ok(app)
}

fn id_of(app: &App) -> Result<ConversationId> {
    Ok(ConversationId(app.engine().account().context("signed in")?.user_id))
}

/// One note from Alice's microphone to Bob's loudspeaker.
async fn note(alice: &App, bob: &App, to_bob: &ConversationId) -> Result<Note> {
    let (mut at_alice, mut at_bob) = (alice.events(), bob.events());
    let pressed = clock::now();
    let record = Command::Record(InConversation { conversation: to_bob.clone() });
    alice.run(record).await.map_err(said)?;
    let begins = pressed.elapsed();
    next(&mut at_alice, |event| match event {
        Event::Level { duration_ms, .. } if *duration_ms >= NOTE_MS => Some(()),
        _ => None,
    })
    .await?;
    let let_go = clock::now();
    let last_sample = let_go + TAIL;
    let sent = async {
        alice.run(Command::SendRecording(Nothing {})).await.map_err(said)?;
        Ok::<_, anyhow::Error>(since(last_sample))
    };
    let playable = async {
        let (key, source) = next(&mut at_bob, |event| match event {
            Event::Message { message, live: true } if !message.mine => match &message.content {
                Content::Voice { source, .. } => Some((message.key, source.clone())),
                _ => None,
            },
            _ => None,
        })
        .await?;
        // Waits for the fetch that is under way, and gets what is in the cache then.
        let bytes = bob.engine().media(&source, MediaKind::Voice).await?;
        let pcm = tokio::task::spawn_blocking(move || {
            hark_voice::decode(&bytes, &hark_voice::Limits::default()).map_err(anyhow::Error::from)
        })
        .await??;
        let playable = since(last_sample);
        ensure!(pcm.duration_ms() >= NOTE_MS, "the note is {} ms long", pcm.duration_ms());
        ensure!(bob.engine().has_media(&source).await, "the note is not in the cache");
        Ok((key, playable))
    };
    let (kept, (key, playable)) = tokio::try_join!(sent, playable)?;
    let clicked = clock::now();
    bob.run(Command::Play(Play { key, from_ms: None })).await.map_err(said)?;
    next(&mut at_bob, |event| match event {
        Event::Player { player: PlayerState::Playing { .. } } => Some(()),
        _ => None,
    })
    .await?;
    let sounds = clicked.elapsed();
    bob.run(Command::Stop(Nothing {})).await.map_err(said)?;
    Ok(Note {
        begins: micros(begins),
        kept: micros(kept),
        playable: micros(playable),
        sounds: micros(sounds),
    })
}

/// None where it was before: the tail was not over yet.
fn since(last_sample: Instant) -> Duration {
    clock::now().saturating_duration_since(last_sample)
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

async fn next<T>(events: &mut Receiver<Event>, pick: impl Fn(&Event) -> Option<T>) -> Result<T> {
    let found = async {
        loop {
            if let Some(found) = pick(&events.recv().await?) {
                return Ok(found);
            }
        }
    };
    tokio::time::timeout(DEADLINE, found).await.context("it did not happen in time")?
}

/// Looks again after each event until there is something.
async fn wait<T, F>(events: &mut Receiver<Event>, probe: impl Fn() -> F) -> Result<T>
where
    F: Future<Output = Option<T>>,
{
    let end = clock::now() + DEADLINE;
    loop {
        if let Some(found) = probe().await {
            return Ok(found);
        }
        if clock::now() > end {
            bail!("it did not happen in time");
        }
        tokio::time::timeout(DEADLINE, events.recv()).await.context("nothing happens")??;
    }
}

fn said(error: hark_app::api::ApiError) -> anyhow::Error {
    anyhow::anyhow!(error.message)
}
