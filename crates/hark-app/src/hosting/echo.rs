//! The echo contact: somebody to talk to in the first minute.
//!
//! An account of its own on the hosted server, with an engine and a folder of its own, so that everything between two
//! people happens for real. It accepts invitations, greets once, and answers words with the same words and voice with
//! the same voice. A change only wakes it; what is left to answer it reads from its store ([`Answers`]).

use std::time::Duration;

use hark_client::model::{
    Account, Content, Conversation, ConversationId, ConversationKind, Membership, Message,
};
use hark_client::{Change, Engine, Error, Options, SignInMode, VoiceClip};
use tokio::sync::broadcast::error::RecvError;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::answers::{Answered, Answers};
use crate::api::{ApiError, ErrorCode};
use crate::app::thread::clip_of;

/// What it says first.
const HELLO: &str = "Hello! I am Echo. Whatever you write or say to me, I say back to you.";

/// What it says about sound it cannot read.
const UNHEARD: &str = "I could not hear that one. Please try another sound file.";

/// Messages read in one step, and how many steps back unanswered ones are looked for.
const PAGE: u32 = 50;
const PAGES: usize = 10;

/// How long it waits after a failure before it looks again.
const AGAIN_AFTER: Duration = Duration::from_secs(2);

/// The echo contact at work.
pub(super) struct Echo {
    engine: Engine,
    user_id: String,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Echo {
    /// Opens its folder, signs it in for the first time where needed, and sets it to work. `new_account` makes an
    /// account and gives its name and password.
    pub(super) async fn start(
        options: Options,
        homeserver: &str,
        new_account: impl AsyncFnOnce() -> Result<(String, String), ApiError>,
    ) -> Result<Self, ApiError> {
        let notes = options.data_dir.join("answers.json");
        let engine = Engine::open(options).await?;
        let account = match engine.account() {
            Some(account) => account,
            None => match sign_in(&engine, homeserver, new_account).await {
                Ok(account) => account,
                Err(error) => {
                    engine.close().await;
                    return Err(error);
                }
            },
        };
        engine.retry_connection().await;
        let stop = CancellationToken::new();
        let worker = Worker { engine: engine.clone(), answers: Answers::open(notes) };
        let task = tokio::spawn(worker.work(stop.clone()));
        Ok(Self { engine, user_id: account.user_id, stop, task })
    }

    pub(super) fn user_id(&self) -> &str {
        &self.user_id
    }

    pub(super) async fn stop(self) {
        self.stop.cancel();
        if let Err(error) = self.task.await {
            tracing::error!(%error, "the echo contact broke off");
        }
        self.engine.close().await;
    }
}

async fn sign_in(
    engine: &Engine,
    homeserver: &str,
    new_account: impl AsyncFnOnce() -> Result<(String, String), ApiError>,
) -> Result<Account, ApiError> {
    let (name, password) = new_account().await?;
    Ok(engine.sign_in(homeserver, &name, &password, SignInMode::Login).await?)
}

struct Worker {
    engine: Engine,
    answers: Answers,
}

impl Worker {
    async fn work(mut self, stop: CancellationToken) {
        let mut changes = self.engine.changes();
        let mut woken = true;
        loop {
            let failed = woken && !self.look_everywhere().await;
            woken = tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(AGAIN_AFTER), if failed => true,
                change = changes.recv() => match change {
                    Ok(change) => wakes(&change) || failed,
                    Err(RecvError::Lagged(_)) => true,
                    Err(RecvError::Closed) => return,
                },
            };
        }
    }

    /// Answers whatever waits for an answer; false if something could not be done now.
    async fn look_everywhere(&mut self) -> bool {
        let conversations = match self.engine.conversations("").await {
            Ok(conversations) => conversations,
            Err(error) => {
                tracing::warn!(%error, "the echo contact cannot read its inbox");
                return false;
            }
        };
        let mut all = true;
        for conversation in conversations {
            if let Err(error) = self.look_at(&conversation).await {
                tracing::warn!(%error, conversation = %conversation.id, "the echo contact could not answer");
                all = false;
            }
        }
        all
    }

    async fn look_at(&mut self, conversation: &Conversation) -> Result<(), ApiError> {
        match (conversation.membership, conversation.kind) {
            (Membership::Invited, _) => {
                let joined = self.engine.accept(&conversation.id).await?;
                Box::pin(self.talk(&joined)).await
            }
            (Membership::Joined, ConversationKind::Person) => self.talk(conversation).await,
            (Membership::Joined, ConversationKind::Group) | (Membership::Left, _) => Ok(()),
        }
    }

    async fn talk(&mut self, conversation: &Conversation) -> Result<(), ApiError> {
        let id = &conversation.id;
        let thread = self.unanswered(id).await?;
        self.answers.settle(&id.0, thread.newest_mine).map_err(cannot_note)?;
        let mut newest_mine = thread.newest_mine;
        if !self.answers.greeted(&id.0) {
            self.answers.begin(&id.0, Answered::Beginning, newest_mine).map_err(cannot_note)?;
            newest_mine = self.engine.send_text(&id.0, HELLO).await?.key;
            self.answers.done(&id.0).map_err(cannot_note)?;
        }
        for message in self.unanswered(id).await?.waiting {
            newest_mine = self.answer(id, &message, newest_mine).await?;
        }
        Ok(())
    }

    /// Gives one answer; the key of the newest message of our own comes back.
    async fn answer(
        &mut self,
        id: &ConversationId,
        message: &Message,
        newest_mine: i64,
    ) -> Result<i64, ApiError> {
        let Some(event_id) = message.event_id.clone() else { return Ok(newest_mine) };
        let reply = self.reply(message).await?;
        self.answers.begin(&id.0, Answered::Message(event_id), newest_mine).map_err(cannot_note)?;
        let kept = match reply {
            Reply::Text(text) => self.engine.send_text(&id.0, &text).await?,
            Reply::Voice(clip) => self.engine.send_voice(&id.0, clip).await?,
        };
        self.answers.done(&id.0).map_err(cannot_note)?;
        if matches!(message.content, Content::Voice { .. }) {
            self.engine.mark_played(message.key).await?;
        }
        self.engine.mark_read(id, message.key).await?;
        Ok(kept.key)
    }

    async fn reply(&self, message: &Message) -> Result<Reply, ApiError> {
        match &message.content {
            Content::Voice { source, duration_ms, waveform, .. } => {
                let bytes = match self.engine.media(source, hark_client::MediaKind::Voice).await {
                    Ok(bytes) => bytes,
                    Err(Error::NotFound(_) | Error::Refused { .. }) => {
                        return Ok(Reply::Text(UNHEARD.to_owned()));
                    }
                    Err(error) => return Err(error.into()),
                };
                if bytes.starts_with(b"OggS") && *duration_ms > 0 {
                    let (duration_ms, waveform) = (*duration_ms, waveform.clone());
                    return Ok(Reply::Voice(VoiceClip { ogg: bytes, duration_ms, waveform }));
                }
                match clip_of(move || hark_voice::prepare(&bytes)).await {
                    Ok(clip) => Ok(Reply::Voice(clip)),
                    Err(error) if error.code == ErrorCode::BadSound => Ok(Reply::Text(UNHEARD.to_owned())),
                    Err(error) => Err(error),
                }
            }
            Content::Text { body } => Ok(Reply::Text(body.clone())),
            other => Err(ApiError::internal(format!("an answer to {other:?} was asked for"))),
        }
    }

    /// What waits for an answer, oldest first, and the newest message of our own.
    async fn unanswered(&self, id: &ConversationId) -> Result<Thread, ApiError> {
        let newest = self.answers.newest(&id.0);
        let mut thread = Thread { waiting: Vec::new(), newest_mine: 0 };
        let mut before: Option<String> = None;
        for _ in 0..PAGES {
            let page = self.engine.timeline(id, before.as_deref(), PAGE).await?;
            for message in page.messages.into_iter().rev() {
                if message.mine {
                    thread.newest_mine = thread.newest_mine.max(message.key);
                } else if newest.is_some() && message.event_id.as_deref() == newest {
                    thread.waiting.reverse();
                    return Ok(thread);
                } else if wants_answer(&message) {
                    thread.waiting.push(message);
                }
            }
            before = page.older;
            if before.is_none() {
                break;
            }
        }
        thread.waiting.reverse();
        Ok(thread)
    }
}

struct Thread {
    waiting: Vec<Message>,
    newest_mine: i64,
}

enum Reply {
    Text(String),
    Voice(VoiceClip),
}

fn wants_answer(message: &Message) -> bool {
    matches!(message.content, Content::Text { .. } | Content::Voice { .. })
}

/// Whether a change may mean something to answer.
fn wakes(change: &Change) -> bool {
    match change {
        Change::Invite { .. } => true,
        Change::Message { message, .. } => !message.mine,
        Change::Conversation(conversation) => conversation.membership == Membership::Invited,
        _ => false,
    }
}

fn cannot_note(error: std::io::Error) -> ApiError {
    ApiError::internal(format!("the echo contact cannot write its notes ({error})"))
}
