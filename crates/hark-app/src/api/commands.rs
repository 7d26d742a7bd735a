//! The commands, one line each in the table at the end: name, arguments, answer.

use hark_client::model::{Account, Connection, Conversation, ConversationId, Hit, Message, Page, Person};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{
    ApiError, Attention, Devices, InRecording, KeptRecording, MicrophoneTest, PlayerState, RecorderState,
    ReviewFrom, Settings, Storage,
};
use crate::app::{App, account, hosting, inbox, recording, search, settings, sound, storage, thread, voice};

/// Arguments of commands that need none.
#[derive(Clone, Debug, Default, Serialize, Deserialize, TS)]
pub struct Nothing {}

/// What the window draws first.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct Status {
    /// Version of Hark.
    pub version: String,
    /// Who is signed in; none = show the welcome screen.
    pub account: Option<Account>,
    /// The link to the homeserver.
    pub connection: Connection,
    /// Set where this computer hosts a server, running or not.
    pub hosting: Option<Hosting>,
    /// What is playing.
    pub player: PlayerState,
    /// Set where no sound can be played, as a sentence with a remedy.
    pub sound_problem: Option<String>,
    /// What is being recorded.
    pub recorder: RecorderState,
    /// Set where nothing can be recorded, as a sentence with a remedy.
    pub microphone_problem: Option<String>,
    /// What this computer is set to.
    pub settings: Settings,
    /// Whether "Host on this computer" and "Just try it" are possible in this build.
    pub can_host: bool,
}

/// The homeserver of this computer, a process of its own (SV9).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Hosting {
    /// The server's name, the part after the colon of every user id. Its address where the name is not known yet.
    pub server_name: String,
    /// Where others on this machine reach it.
    pub url: String,
    /// Whether it goes on when Hark is closed. False for "Just try it", which ends with Hark.
    pub lasting: bool,
    /// Whether it is at work.
    pub state: HostingState,
    /// Set where it should run and does not, as a sentence.
    pub problem: Option<String>,
}

/// Whether the server of this computer is at work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum HostingState {
    /// It answers.
    Running,
    /// It died or could not be started, and is tried again by itself, less and less often.
    Starting,
    /// It was stopped, and is started by `start_hosting`.
    Stopped,
}

/// Sign in to, or register at, a homeserver.
#[derive(Clone, Serialize, Deserialize, TS)]
pub struct SignIn {
    /// URL, or a server name to discover (`.well-known`).
    pub homeserver: String,
    /// Localpart or full user id.
    pub user: String,
    /// Never logged.
    pub password: String,
    /// Make a new account instead.
    pub register: bool,
}

/// Make a homeserver on this computer, with an account of mine on it.
#[derive(Clone, Serialize, Deserialize, TS)]
pub struct HostHere {
    /// My user name.
    pub user: String,
    /// Never logged.
    pub password: String,
    /// Name of the server; `<word>.home.arpa` where absent (SV8).
    pub server_name: Option<String>,
}

/// A slice of the inbox, newest first.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct Conversations {
    /// Words in title or id; empty = all.
    pub filter: String,
}

/// Find or make the conversation with someone (DM8).
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct OpenConversation {
    /// A user id, room id or alias.
    pub who: String,
}

/// Names a conversation.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct InConversation {
    /// Which.
    pub conversation: ConversationId,
}

/// A page of a thread.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct Timeline {
    /// Which.
    pub conversation: ConversationId,
    /// `Page::older` of the page below; absent = the newest.
    pub before: Option<String>,
    /// At most 200.
    pub limit: u32,
}

/// Send words.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct SendText {
    /// Where to.
    pub conversation: ConversationId,
    /// Up to 4,000 characters (SE5).
    pub text: String,
}

/// Send a sound file as a voice message. The window has put the bytes to `PUT /upload` of browser mode before and
/// names them by the id it got.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct SendVoiceFile {
    /// Where to.
    pub conversation: ConversationId,
    /// Id of the uploaded bytes.
    pub upload: String,
}

/// Names one of my messages.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct OfMessage {
    /// [`Message::key`].
    #[ts(type = "number")]
    pub key: i64,
}

/// I have read up to this message.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct MarkRead {
    /// Where.
    pub conversation: ConversationId,
    /// Key of the newest message seen.
    #[ts(type = "number")]
    pub key: i64,
}

/// I am typing, or stopped (TP1).
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct SetTyping {
    /// Where.
    pub conversation: ConversationId,
    /// Typing or stopped.
    pub typing: bool,
}

/// Keep the composer's text (MF8).
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct SetDraft {
    /// Where.
    pub conversation: ConversationId,
    /// Empty = none.
    pub text: String,
}

/// Words to look for.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct Search {
    /// Each must occur; the last may be the beginning of a word.
    pub words: String,
    /// At most this many, newest first.
    pub limit: u32,
}

/// A name to look for.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct SearchPeople {
    /// Part of a name or id.
    pub term: String,
}

/// Play a voice message, from where it was left or from a point.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct Play {
    /// [`Message::key`].
    #[ts(type = "number")]
    pub key: i64,
    /// Start here instead.
    #[ts(type = "number | null")]
    pub from_ms: Option<u64>,
}

/// Go to a point of what is playing.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct Seek {
    /// From the start.
    #[ts(type = "number")]
    pub position_ms: u64,
}

/// How fast to play, without a change of pitch.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, TS)]
pub struct SetSpeed {
    /// 0.5–3.
    pub speed: f32,
}

/// Writes the table of commands once: the enum that is read from JSON, the dispatcher, and the lines the TypeScript is
/// made from. A row is: name, variant, arguments, answer, and the function that does it.
macro_rules! commands {
    ($( $(#[doc = $doc:literal])* $name:ident $variant:ident ( $args:ty ) -> $answer:ty = $run:path; )*) => {
        /// A command as it arrives.
        #[derive(Deserialize)]
        #[serde(tag = "name", content = "args", rename_all = "snake_case")]
        pub enum Command { $( $(#[doc = $doc])* $variant($args), )* }

        /// Does one command and gives its answer as JSON.
        pub(crate) async fn dispatch(app: &App, command: Command) -> Result<serde_json::Value, ApiError> {
            match command {
                $( Command::$variant(args) => {
                    let answer: $answer = $run(app, args).await?;
                    serde_json::to_value(answer).map_err(ApiError::internal)
                } )*
            }
        }

        /// Name, documentation, argument type and answer type of every command, in TypeScript.
        #[cfg(test)]
        pub(super) fn command_table(config: &ts_rs::Config) -> Vec<(&'static str, &'static str, String, String)> {
            vec![ $( (
                stringify!($name),
                concat!($($doc),*),
                <$args as TS>::name(config),
                <$answer as TS>::name(config),
            ), )* ]
        }

        /// Shows every type of the table to `visitor`.
        #[cfg(test)]
        pub(super) fn visit_commands(visitor: &mut impl ts_rs::TypeVisitor) {
            $( visitor.visit::<$args>(); visitor.visit::<$answer>(); )*
        }
    };
}

commands! {
    /// What to draw first.
    status Status(Nothing) -> Status = account::status;
    /// Sign in or register.
    sign_in SignIn(SignIn) -> Account = account::sign_in;
    /// "Host on this computer".
    host_here HostHere(HostHere) -> Account = hosting::host_here;
    /// "Just try it": embedded server, an account, the echo contact.
    try_it TryIt(Nothing) -> Account = hosting::try_it;
    /// Start the server of this computer that was stopped.
    start_hosting StartHosting(Nothing) -> Nothing = hosting::start;
    /// Stop the server of this computer, in order, for everybody on it; it stays stopped until `start_hosting`. Closing
    /// Hark does not stop it.
    stop_hosting StopHosting(Nothing) -> Nothing = hosting::stop;
    /// Forget this login; the store is removed.
    sign_out SignOut(Nothing) -> Nothing = account::sign_out;
    /// The inbox, newest first.
    conversations Conversations(Conversations) -> Vec<Conversation> = inbox::conversations;
    /// Find or make a conversation.
    open_conversation OpenConversation(OpenConversation) -> Conversation = inbox::open_conversation;
    /// Join what I was invited to; the inviter becomes a contact (DM4).
    accept Accept(InConversation) -> Conversation = inbox::accept;
    /// Refuse an invitation, or leave.
    leave Leave(InConversation) -> Nothing = inbox::leave;
    /// A page of a thread; older history is fetched from the server where the store has a gap (SY5).
    timeline Timeline(Timeline) -> Page = thread::timeline;
    /// Durable in the outbox when answered.
    send_text SendText(SendText) -> Message = thread::send_text;
    /// A sound file as a voice message.
    send_voice_file SendVoiceFile(SendVoiceFile) -> Message = thread::send_voice_file;
    /// Try a failed message again.
    retry Retry(OfMessage) -> Message = thread::retry;
    /// Delete a message that was not sent.
    discard Discard(OfMessage) -> Nothing = thread::discard;
    /// Read up to here.
    mark_read MarkRead(MarkRead) -> Nothing = thread::mark_read;
    /// Typing or not.
    set_typing SetTyping(SetTyping) -> Nothing = thread::set_typing;
    /// Keep a draft.
    set_draft SetDraft(SetDraft) -> Nothing = thread::set_draft;
    /// Find messages.
    search Search(Search) -> Vec<Hit> = search::search;
    /// Find people.
    search_people SearchPeople(SearchPeople) -> Vec<Person> = search::search_people;
    /// Do not wait for the back-off (SY4).
    retry_connection RetryConnection(Nothing) -> Nothing = account::retry_connection;
    /// Play a voice message.
    play Play(Play) -> Nothing = voice::play;
    /// Pause what plays.
    pause Pause(Nothing) -> Nothing = voice::pause;
    /// Go on.
    resume Resume(Nothing) -> Nothing = voice::resume;
    /// Stop and forget.
    stop Stop(Nothing) -> Nothing = voice::stop;
    /// Scrub.
    seek Seek(Seek) -> Nothing = voice::seek;
    /// Faster or slower.
    set_speed SetSpeed(SetSpeed) -> Nothing = voice::set_speed;
    /// Start to record for a conversation (VO1). A recording that is paused elsewhere is kept as a draft first.
    record Record(InConversation) -> Nothing = recording::record;
    /// Hold the recording; what was said stays.
    pause_recording PauseRecording(Nothing) -> Nothing = recording::pause;
    /// Record on, after what was said.
    resume_recording ResumeRecording(Nothing) -> Nothing = recording::resume;
    /// End the recording and send it; durable in the outbox when answered. `too_short` where it holds too little.
    send_recording SendRecording(Nothing) -> Message = recording::send;
    /// Throw the recording away. Its id for `open_recording` (Undo, for ten seconds); none where it was under a second.
    cancel_recording CancelRecording(Nothing) -> Option<String> = recording::cancel;
    /// What waits for a decision: cut off by a crash, or put aside (VO2). Oldest first.
    recordings Recordings(Nothing) -> Vec<KeptRecording> = recording::kept;
    /// Take a kept or just cancelled recording up again: it becomes the paused one.
    open_recording OpenRecording(InRecording) -> Nothing = recording::open;
    /// Keep a cut-off recording as its conversation's draft.
    keep_recording KeepRecording(InRecording) -> Nothing = recording::keep;
    /// Send a kept recording as it is.
    send_kept_recording SendKeptRecording(InRecording) -> Message = recording::send_kept;
    /// Delete a kept recording for good.
    delete_recording DeleteRecording(InRecording) -> Nothing = recording::delete;
    /// Hear a paused or kept recording before it is sent.
    review Review(ReviewFrom) -> Nothing = recording::review;
    /// Hold the review.
    pause_review PauseReview(Nothing) -> Nothing = recording::pause_review;
    /// Microphones and loudspeakers, and the chosen ones (VO5).
    devices Devices(Nothing) -> Devices = sound::devices;
    /// Listen to the microphone without keeping anything, for its level.
    open_microphone OpenMicrophone(Nothing) -> MicrophoneTest = sound::open_microphone;
    /// Record five seconds to hear oneself.
    test_microphone TestMicrophone(Nothing) -> Nothing = sound::test_microphone;
    /// Play what the test recorded.
    play_test PlayTest(Nothing) -> Nothing = sound::play_test;
    /// End level and test.
    close_microphone CloseMicrophone(Nothing) -> Nothing = sound::close_microphone;
    /// Play a short sound, to try the loudspeaker.
    play_sample PlaySample(Nothing) -> Nothing = sound::play_sample;
    /// Replace the settings of this computer.
    set_settings SetSettings(Settings) -> Settings = settings::set;
    /// What Hark keeps on the disk.
    storage Storage(Nothing) -> Storage = storage::storage;
    /// Forget fetched media; each can be fetched again.
    clear_media ClearMedia(Nothing) -> Storage = storage::clear_media;
    /// Whether a person looks at this window, and at which conversation (NO1).
    set_attention SetAttention(Attention) -> Nothing = settings::set_attention;
}
