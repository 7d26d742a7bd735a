// Made from crates/hark-app/src/api and crates/hark-client/src/model.rs. Do not edit.
// `HARK_UPDATE=1 cargo test -p hark-app typescript` writes it anew.

/**
 * The account this data folder holds.
 */
export type Account = {
/**
 * `@name:server`
 */
user_id: string,
/**
 * The name others see; the localpart where none is set.
 */
display_name: string,
/**
 * Base URL the client-server API is reached at.
 */
homeserver: string,
/**
 * This login's device id.
 */
device_id: string, };

/**
 * Why a command was not done: a closed set the window can branch on, and a sentence for a person.
 */
export type ApiError = {
/**
 * What kind of failure.
 */
code: ErrorCode,
/**
 * One plain sentence that says what to do.
 */
message: string, };

/**
 * Which kind of file an attachment is.
 */
export type AttachmentKind = "image" | "video" | "file";

/**
 * Where a person looks.
 */
export type Attention = {
/**
 * Whether the window has the focus.
 */
focused: boolean,
/**
 * The conversation it shows.
 */
conversation: ConversationId | null, };

/**
 * The link to the homeserver.
 */
export type Connection = { "link": "signed_out" } | { "link": "connecting" } | { "link": "online" } | { "link": "offline",
/**
 * When the next try is due.
 */
retry_at: number,
/**
 * One plain sentence.
 */
reason: string, } | { "link": "logged_out",
/**
 * One plain sentence.
 */
reason: string, };

/**
 * What a message holds.
 */
export type Content = { "kind": "text",
/**
 * As typed.
 */
body: string, } | { "kind": "voice",
/**
 * `mxc://…`; empty until uploaded.
 */
source: string,
/**
 * Length; 0 where the sender did not say.
 */
duration_ms: number,
/**
 * 0–1024 each, evenly spaced; empty where the sender sent none.
 */
waveform: Array<number>,
/**
 * Whether I have heard it.
 */
played: boolean, } | { "kind": "attachment",
/**
 * Which of the three.
 */
attachment: AttachmentKind,
/**
 * File name or caption.
 */
body: string,
/**
 * `mxc://…`
 */
source: string,
/**
 * Bytes, where the sender said.
 */
size: number | null,
/**
 * Declared type.
 */
mime: string | null,
/**
 * Pixels, for pictures and videos.
 */
width: number | null,
/**
 * Pixels, for pictures and videos.
 */
height: number | null, } | { "kind": "system",
/**
 * What happened.
 */
change: SystemChange, } | { "kind": "redacted" } | { "kind": "unsupported",
/**
 * The event's fallback text; may be empty.
 */
body: string, };

/**
 * A line of the inbox.
 */
export type Conversation = {
/**
 * What commands name it by.
 */
id: ConversationId,
/**
 * Where a new message goes; none before the first message to a new contact.
 */
room_id: string | null,
/**
 * Person or group.
 */
kind: ConversationKind,
/**
 * Title to show; never empty.
 */
name: string,
/**
 * Picture (`mxc://…`), if one is set.
 */
avatar: string | null,
/**
 * Where I stand in it.
 */
membership: Membership,
/**
 * The newest message, for the preview line.
 */
last: Message | null,
/**
 * Unsent text of the composer.
 */
draft: string | null,
/**
 * Messages of others after my read marker.
 */
unread: number,
/**
 * Of these, the ones that name me.
 */
highlights: number,
/**
 * Display names of those typing now.
 */
typing: Array<string>,
/**
 * Number of my messages here that still wait in the outbox.
 */
waiting: number,
/**
 * Time the inbox orders by, newest first.
 */
activity_ts: number,
/**
 * Whether messages are end-to-end encrypted.
 */
encrypted: boolean,
/**
 * The account's push rules tell of nothing here, or only of what names me.
 */
muted: boolean, };

/**
 * Names one conversation for the window: the other person's user id where it is a conversation of two
 * (all rooms with that person are one conversation, DM5), else the room id.
 */
export type ConversationId = string;

/**
 * Whether a conversation is with one person or with several.
 */
export type ConversationKind = "person" | "group";

/**
 * A slice of the inbox, newest first.
 */
export type Conversations = {
/**
 * Words in title or id; empty = all.
 */
filter: string, };

/**
 * What there is, now.
 */
export type Devices = {
/**
 * Microphones, the system's default first.
 */
inputs: Array<SoundDevice>,
/**
 * Loudspeakers and headphones, the system's default first.
 */
outputs: Array<SoundDevice>,
/**
 * Set where nothing can be recorded, as a sentence with a remedy.
 */
microphone_problem: string | null,
/**
 * Set where nothing can be played, as a sentence with a remedy.
 */
sound_problem: string | null, };

/**
 * Kinds of failure.
 */
export type ErrorCode = "bad_request" | "signed_out" | "wrong_password" | "no_server" | "name_taken" | "refused" | "offline" | "not_found" | "bad_sound" | "no_device" | "too_short" | "disk_full" | "internal";

/**
 * One change. Rows come whole: the window replaces what it has by `id` or `key`.
 */
export type Event = { "type": "account",
/**
 * None = signed out.
 */
account: Account | null, } | { "type": "connection",
/**
 * As it is now.
 */
connection: Connection, } | { "type": "conversation",
/**
 * The whole row.
 */
conversation: Conversation, } | { "type": "conversation_removed",
/**
 * Which.
 */
id: ConversationId, } | { "type": "message",
/**
 * The whole row.
 */
message: Message,
/**
 * True where it belongs at the live end of the thread; false for changes and for back-filled history.
 */
live: boolean, } | { "type": "message_removed",
/**
 * Where it was.
 */
conversation: ConversationId,
/**
 * Which.
 */
key: number, } | { "type": "player",
/**
 * As it is now.
 */
player: PlayerState, } | { "type": "recorder",
/**
 * As it is now.
 */
recorder: RecorderState, } | { "type": "level",
/**
 * 0 = silence, 1 = as loud as it gets; −60 dB to 0 dB evenly.
 */
level: number,
/**
 * Bars of 0–1024 since the last of these; empty while nothing is recorded.
 */
waveform: Array<number>,
/**
 * Length of the recording so far.
 */
duration_ms: number, } | { "type": "recordings" } | { "type": "review",
/**
 * As it is now.
 */
review: ReviewState, } | { "type": "microphone_test",
/**
 * As it is now.
 */
test: MicrophoneTest, } | { "type": "settings",
/**
 * As they are now.
 */
settings: Settings, } | { "type": "show",
/**
 * Where it is.
 */
conversation: ConversationId,
/**
 * Which; none = the conversation itself.
 */
key: number | null, } | { "type": "link",
/**
 * User id, room id or alias it names.
 */
who: string, } | { "type": "hosting",
/**
 * As it is now.
 */
hosting: Hosting | null, } | { "type": "reload" };

/**
 * What is fetched before somebody asks for it.
 */
export type Fetch = "nothing" | "voice" | "everything";

/**
 * A message found by words (SR1).
 */
export type Hit = {
/**
 * The message itself.
 */
message: Message,
/**
 * Title of its conversation.
 */
conversation_name: string,
/**
 * Part of the text around the words; the words stand between U+0002 and U+0003.
 */
snippet: string, };

/**
 * Make a homeserver on this computer, with an account of mine on it.
 */
export type HostHere = {
/**
 * My user name.
 */
user: string,
/**
 * Never logged.
 */
password: string,
/**
 * Name of the server; `<word>.home.arpa` where absent (SV8).
 */
server_name: string | null, };

/**
 * The homeserver of this computer, a process of its own (SV9).
 */
export type Hosting = {
/**
 * The server's name, the part after the colon of every user id. Its address where the name is not known yet.
 */
server_name: string,
/**
 * Where others on this machine reach it.
 */
url: string,
/**
 * Whether it goes on when Hark is closed. False for "Just try it", which ends with Hark.
 */
lasting: boolean,
/**
 * Whether it is at work.
 */
state: HostingState,
/**
 * Set where it should run and does not, as a sentence.
 */
problem: string | null, };

/**
 * Whether the server of this computer is at work.
 */
export type HostingState = "running" | "starting" | "stopped";

/**
 * Names a conversation.
 */
export type InConversation = {
/**
 * Which.
 */
conversation: ConversationId, };

/**
 * Names a recording.
 */
export type InRecording = {
/**
 * Which.
 */
id: string, };

/**
 * Why a recording waits.
 */
export type KeptBecause = "cut_off" | "draft";

/**
 * A recording that waits for a decision.
 */
export type KeptRecording = {
/**
 * What commands name it by.
 */
id: string,
/**
 * For whom.
 */
conversation: ConversationId,
/**
 * Length.
 */
duration_ms: number,
/**
 * 100 bars of 0–1024.
 */
waveform: Array<number>,
/**
 * When it was begun.
 */
started_at: number,
/**
 * When the last of it was written.
 */
ended_at: number,
/**
 * Why it is kept.
 */
why: KeptBecause, };

/**
 * I have read up to this message.
 */
export type MarkRead = {
/**
 * Where.
 */
conversation: ConversationId,
/**
 * Key of the newest message seen.
 */
key: number, };

/**
 * My own standing in a conversation.
 */
export type Membership = "joined" | "invited" | "left";

/**
 * A message as the thread shows it, mine or another's, sent or still waiting.
 */
export type Message = {
/**
 * Row key on this device. Stays the same from *sending* to *read*, so the window replaces in place.
 */
key: number,
/**
 * Where it stands in its conversation: rows compare by this text. It changes when the server's order is learnt,
 * so a row that is replaced may move; waiting messages sort last.
 */
order: string,
/**
 * The conversation it is shown in.
 */
conversation: ConversationId,
/**
 * The room it is in.
 */
room_id: string,
/**
 * Set once the server has it.
 */
event_id: string | null,
/**
 * Set on messages this device sent.
 */
txn_id: string | null,
/**
 * `@name:server`
 */
sender: string,
/**
 * The sender's name in this room.
 */
sender_name: string,
/**
 * Whether I sent it, on whatever device.
 */
mine: boolean,
/**
 * The server's time; until it is known, the time of writing.
 */
timestamp: number,
/**
 * What it holds.
 */
content: Content,
/**
 * How far it has come.
 */
state: MessageState,
/**
 * Whether a later event replaced the text.
 */
edited: boolean, };

/**
 * How far a message has come (SE2). Foreign messages are always `Sent`.
 */
export type MessageState = { "state": "sending",
/**
 * Where it is on its way.
 */
step: SendingStep, } | { "state": "sent" } | { "state": "delivered" } | { "state": "read" } | { "state": "played" } | { "state": "failed",
/**
 * The server's reason, as a sentence.
 */
reason: string,
/**
 * True where the server refused it for good; else it is still tried every 30 s.
 */
refused: boolean, };

/**
 * The microphone test of the settings. Its level is told by [`Event::Level`](super::Event::Level).
 */
export type MicrophoneTest = { "test": "off" } | { "test": "listening",
/**
 * Name of the microphone.
 */
device: string, } | { "test": "recording",
/**
 * So far.
 */
duration_ms: number, } | { "test": "recorded",
/**
 * 100 bars of 0–1024.
 */
waveform: Array<number>,
/**
 * Length.
 */
duration_ms: number,
/**
 * Where the head is while they are heard.
 */
position_ms: number | null, } | { "test": "failed",
/**
 * One plain sentence with a remedy.
 */
reason: string, };

/**
 * Arguments of commands that need none.
 */
export type Nothing = Record<symbol, never>;

/**
 * Names one of my messages.
 */
export type OfMessage = {
/**
 * [`Message::key`].
 */
key: number, };

/**
 * Find or make the conversation with someone (DM8).
 */
export type OpenConversation = {
/**
 * A user id, room id or alias.
 */
who: string, };

/**
 * A page of a thread, oldest first.
 */
export type Page = {
/**
 * Oldest first; waiting messages stand at the end.
 */
messages: Array<Message>,
/**
 * Pass as `before` for the page of older messages; none at the beginning of the conversation.
 */
older: string | null,
/**
 * Key of the first message of others after my read marker, if it is on this page: the "new" line.
 */
first_unread: number | null, };

/**
 * A person found on the server or among my contacts (DM10).
 */
export type Person = {
/**
 * `@name:server`
 */
user_id: string,
/**
 * The name others see; the localpart where none is set.
 */
display_name: string,
/**
 * `mxc://…`
 */
avatar: string | null, };

/**
 * Play a voice message, from where it was left or from a point.
 */
export type Play = {
/**
 * [`Message::key`].
 */
key: number,
/**
 * Start here instead.
 */
from_ms: number | null, };

/**
 * What the loudspeaker is doing.
 */
export type PlayerState = { "player": "idle" } | { "player": "loading",
/**
 * Which message.
 */
key: number, } | { "player": "playing",
/**
 * Which message.
 */
key: number,
/**
 * Where the head is.
 */
position_ms: number,
/**
 * True length after decoding.
 */
duration_ms: number,
/**
 * 1 = as spoken.
 */
speed: number, } | { "player": "paused",
/**
 * Which message.
 */
key: number,
/**
 * Where the head is.
 */
position_ms: number,
/**
 * True length after decoding.
 */
duration_ms: number,
/**
 * 1 = as spoken.
 */
speed: number, } | { "player": "failed",
/**
 * Which message.
 */
key: number,
/**
 * One plain sentence.
 */
reason: string, };

/**
 * What the microphone is doing. Sent whole at each change; between two, [`Event::Level`](super::Event::Level) tells how
 * it grows. There is one recording at a time, and it belongs to the app: what the window shows changes nothing.
 */
export type RecorderState = { "recorder": "idle" } | { "recorder": "starting",
/**
 * For whom.
 */
conversation: ConversationId, } | { "recorder": "recording",
/**
 * Which.
 */
id: string,
/**
 * For whom.
 */
conversation: ConversationId,
/**
 * Length at the time of this state.
 */
duration_ms: number,
/**
 * Name of the microphone.
 */
device: string,
/**
 * The newest bars, 0–1024, 25 a second, the last one newest; at most 128.
 */
waveform: Array<number>,
/**
 * Nothing but silence for two seconds: probably the wrong microphone.
 */
silent: boolean, } | { "recorder": "paused",
/**
 * Which.
 */
id: string,
/**
 * For whom.
 */
conversation: ConversationId,
/**
 * Length.
 */
duration_ms: number,
/**
 * The whole of it, 100 bars of 0–1024.
 */
waveform: Array<number>,
/**
 * Set where it was not the person who stopped it: one plain sentence with a remedy.
 */
problem: string | null, };

/**
 * Hear a recording.
 */
export type ReviewFrom = {
/**
 * Which.
 */
id: string,
/**
 * From here; where it was held, if absent.
 */
from_ms: number | null, };

/**
 * A recording being heard before it is sent.
 */
export type ReviewState = { "review": "idle" } | { "review": "playing",
/**
 * Which recording.
 */
id: string,
/**
 * Where the head is.
 */
position_ms: number,
/**
 * Length.
 */
duration_ms: number, } | { "review": "paused",
/**
 * Which recording.
 */
id: string,
/**
 * Where the head is.
 */
position_ms: number,
/**
 * Length.
 */
duration_ms: number, };

/**
 * Words to look for.
 */
export type Search = {
/**
 * Each must occur; the last may be the beginning of a word.
 */
words: string,
/**
 * At most this many, newest first.
 */
limit: number, };

/**
 * A name to look for.
 */
export type SearchPeople = {
/**
 * Part of a name or id.
 */
term: string, };

/**
 * Go to a point of what is playing.
 */
export type Seek = {
/**
 * From the start.
 */
position_ms: number, };

/**
 * Send words.
 */
export type SendText = {
/**
 * Where to.
 */
conversation: ConversationId,
/**
 * Up to 4,000 characters (SE5).
 */
text: string, };

/**
 * Send a sound file as a voice message. The window has put the bytes to `PUT /upload` of browser mode before and
 * names them by the id it got.
 */
export type SendVoiceFile = {
/**
 * Where to.
 */
conversation: ConversationId,
/**
 * Id of the uploaded bytes.
 */
upload: string, };

/**
 * Steps of the outbox, as far as a person cares.
 */
export type SendingStep = "waiting" | "uploading" | "sending";

/**
 * Keep the composer's text (MF8).
 */
export type SetDraft = {
/**
 * Where.
 */
conversation: ConversationId,
/**
 * Empty = none.
 */
text: string, };

/**
 * How fast to play, without a change of pitch.
 */
export type SetSpeed = {
/**
 * 0.5–3.
 */
speed: number, };

/**
 * I am typing, or stopped (TP1).
 */
export type SetTyping = {
/**
 * Where.
 */
conversation: ConversationId,
/**
 * Typing or stopped.
 */
typing: boolean, };

/**
 * All of them; a command replaces them whole.
 */
export type Settings = {
/**
 * Chosen microphone, by id; none = the system's.
 */
input: string | null,
/**
 * Its name, to say which one is missing.
 */
input_name: string | null,
/**
 * Chosen loudspeaker, by id; none = the system's.
 */
output: string | null,
/**
 * Its name, to say which one is missing.
 */
output_name: string | null,
/**
 * 0–1, of everything that is played.
 */
volume: number,
/**
 * Bring every recording to the same loudness (VO5).
 */
even_loudness: boolean,
/**
 * Go on to the next unheard voice message (VO4).
 */
play_on: boolean,
/**
 * Fetch media before somebody asks for them.
 */
fetch: Fetch,
/**
 * Most bytes of fetched media kept.
 */
media_limit: number,
/**
 * Tell of new messages (NO1).
 */
notify: boolean,
/**
 * With their words.
 */
preview: boolean,
/**
 * Tell of nothing, play nothing unasked.
 */
do_not_disturb: boolean,
/**
 * Closing the window leaves Hark running, where there is a tray to come back from (NO2).
 */
close_to_tray: boolean, };

/**
 * Sign in to, or register at, a homeserver.
 */
export type SignIn = {
/**
 * URL, or a server name to discover (`.well-known`).
 */
homeserver: string,
/**
 * Localpart or full user id.
 */
user: string,
/**
 * Never logged.
 */
password: string,
/**
 * Make a new account instead.
 */
register: boolean, };

/**
 * A microphone or loudspeaker.
 */
export type SoundDevice = {
/**
 * Stays the same when it is unplugged and plugged in again.
 */
id: string,
/**
 * As a person knows it.
 */
name: string,
/**
 * Whether the system uses it where none is chosen.
 */
default: boolean,
/**
 * Records what this computer plays; never used unless it was chosen.
 */
monitor: boolean, };

/**
 * What the window draws first.
 */
export type Status = {
/**
 * Version of Hark.
 */
version: string,
/**
 * Who is signed in; none = show the welcome screen.
 */
account: Account | null,
/**
 * The link to the homeserver.
 */
connection: Connection,
/**
 * Set where this computer hosts a server, running or not.
 */
hosting: Hosting | null,
/**
 * What is playing.
 */
player: PlayerState,
/**
 * Set where no sound can be played, as a sentence with a remedy.
 */
sound_problem: string | null,
/**
 * What is being recorded.
 */
recorder: RecorderState,
/**
 * Set where nothing can be recorded, as a sentence with a remedy.
 */
microphone_problem: string | null,
/**
 * What this computer is set to.
 */
settings: Settings,
/**
 * Whether "Host on this computer" and "Just try it" are possible in this build.
 */
can_host: boolean, };

/**
 * What Hark keeps on the disk, in bytes.
 */
export type Storage = {
/**
 * Fetched voice messages.
 */
voice: number,
/**
 * Other fetched media.
 */
other_media: number,
/**
 * Messages and the search index.
 */
messages: number,
/**
 * Recordings not yet sent.
 */
recordings: number,
/**
 * What is free on that disk.
 */
free: number, };

/**
 * A change of the room itself. Names are display names at that time.
 */
export type SystemChange = { "what": "created", by: string, } | { "what": "joined", who: string, } | { "what": "left", who: string, } | { "what": "invited", who: string, by: string, } | { "what": "removed", who: string, by: string, } | { "what": "renamed", name: string, by: string, };

/**
 * A page of a thread.
 */
export type Timeline = {
/**
 * Which.
 */
conversation: ConversationId,
/**
 * `Page::older` of the page below; absent = the newest.
 */
before: string | null,
/**
 * At most 200.
 */
limit: number, };

/** Every command: what it takes and what it answers. */
export interface Commands {
  /** What to draw first. */
  status: { args: Nothing; answer: Status };
  /** Sign in or register. */
  sign_in: { args: SignIn; answer: Account };
  /** "Host on this computer". */
  host_here: { args: HostHere; answer: Account };
  /** "Just try it": embedded server, an account, the echo contact. */
  try_it: { args: Nothing; answer: Account };
  /** Start the server of this computer that was stopped. */
  start_hosting: { args: Nothing; answer: Nothing };
  /** Stop the server of this computer, in order, for everybody on it; it stays stopped until `start_hosting`. Closing Hark does not stop it. */
  stop_hosting: { args: Nothing; answer: Nothing };
  /** Forget this login; the store is removed. */
  sign_out: { args: Nothing; answer: Nothing };
  /** The inbox, newest first. */
  conversations: { args: Conversations; answer: Array<Conversation> };
  /** Find or make a conversation. */
  open_conversation: { args: OpenConversation; answer: Conversation };
  /** Join what I was invited to; the inviter becomes a contact (DM4). */
  accept: { args: InConversation; answer: Conversation };
  /** Refuse an invitation, or leave. */
  leave: { args: InConversation; answer: Nothing };
  /** A page of a thread; older history is fetched from the server where the store has a gap (SY5). */
  timeline: { args: Timeline; answer: Page };
  /** Durable in the outbox when answered. */
  send_text: { args: SendText; answer: Message };
  /** A sound file as a voice message. */
  send_voice_file: { args: SendVoiceFile; answer: Message };
  /** Try a failed message again. */
  retry: { args: OfMessage; answer: Message };
  /** Delete a message that was not sent. */
  discard: { args: OfMessage; answer: Nothing };
  /** Read up to here. */
  mark_read: { args: MarkRead; answer: Nothing };
  /** Typing or not. */
  set_typing: { args: SetTyping; answer: Nothing };
  /** Keep a draft. */
  set_draft: { args: SetDraft; answer: Nothing };
  /** Find messages. */
  search: { args: Search; answer: Array<Hit> };
  /** Find people. */
  search_people: { args: SearchPeople; answer: Array<Person> };
  /** Do not wait for the back-off (SY4). */
  retry_connection: { args: Nothing; answer: Nothing };
  /** Play a voice message. */
  play: { args: Play; answer: Nothing };
  /** Pause what plays. */
  pause: { args: Nothing; answer: Nothing };
  /** Go on. */
  resume: { args: Nothing; answer: Nothing };
  /** Stop and forget. */
  stop: { args: Nothing; answer: Nothing };
  /** Scrub. */
  seek: { args: Seek; answer: Nothing };
  /** Faster or slower. */
  set_speed: { args: SetSpeed; answer: Nothing };
  /** Start to record for a conversation (VO1). A recording that is paused elsewhere is kept as a draft first. */
  record: { args: InConversation; answer: Nothing };
  /** Hold the recording; what was said stays. */
  pause_recording: { args: Nothing; answer: Nothing };
  /** Record on, after what was said. */
  resume_recording: { args: Nothing; answer: Nothing };
  /** End the recording and send it; durable in the outbox when answered. `too_short` where it holds too little. */
  send_recording: { args: Nothing; answer: Message };
  /** Throw the recording away. Its id for `open_recording` (Undo, for ten seconds); none where it was under a second. */
  cancel_recording: { args: Nothing; answer: string | null };
  /** What waits for a decision: cut off by a crash, or put aside (VO2). Oldest first. */
  recordings: { args: Nothing; answer: Array<KeptRecording> };
  /** Take a kept or just cancelled recording up again: it becomes the paused one. */
  open_recording: { args: InRecording; answer: Nothing };
  /** Keep a cut-off recording as its conversation's draft. */
  keep_recording: { args: InRecording; answer: Nothing };
  /** Send a kept recording as it is. */
  send_kept_recording: { args: InRecording; answer: Message };
  /** Delete a kept recording for good. */
  delete_recording: { args: InRecording; answer: Nothing };
  /** Hear a paused or kept recording before it is sent. */
  review: { args: ReviewFrom; answer: Nothing };
  /** Hold the review. */
  pause_review: { args: Nothing; answer: Nothing };
  /** Microphones and loudspeakers, and the chosen ones (VO5). */
  devices: { args: Nothing; answer: Devices };
  /** Listen to the microphone without keeping anything, for its level. */
  open_microphone: { args: Nothing; answer: MicrophoneTest };
  /** Record five seconds to hear oneself. */
  test_microphone: { args: Nothing; answer: Nothing };
  /** Play what the test recorded. */
  play_test: { args: Nothing; answer: Nothing };
  /** End level and test. */
  close_microphone: { args: Nothing; answer: Nothing };
  /** Play a short sound, to try the loudspeaker. */
  play_sample: { args: Nothing; answer: Nothing };
  /** Replace the settings of this computer. */
  set_settings: { args: Settings; answer: Settings };
  /** What Hark keeps on the disk. */
  storage: { args: Nothing; answer: Storage };
  /** Forget fetched media; each can be fetched again. */
  clear_media: { args: Nothing; answer: Storage };
  /** Whether a person looks at this window, and at which conversation (NO1). */
  set_attention: { args: Attention; answer: Nothing };
}
