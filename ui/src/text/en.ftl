# Every word of the window. Plain words, what happened and what to do; no exclamation marks.

## Everywhere
close = Close
cancel = Cancel
back = Back
delete = Delete
retry = Retry
clear = Clear
more = More
today = Today
yesterday = Yesterday
now = now
group = Group
you = You
main = Main
welcome = Welcome
show = Show

## Places
inbox = Inbox
requests = Requests
settings = Settings
place-count = { $place }, { $count }
your-account = Your account, { $name }

## Welcome
motto = Words and voice. They arrive.
welcome-title = Where should your messages live?
welcome-text = No phone number, no address book. You choose the place.
way-host = Host on this computer
way-host-more = Your own server, kept on this disk. No account anywhere else. Ready in seconds.
way-sign-in = Sign in to a server
way-sign-in-more = Any Matrix server: your company’s, a friend’s, a public one.
way-try = Just try it
way-try-more = Talk to Echo, who says everything back. Nothing to fill in.
welcome-foot = Hark { $version } · free software

sign-in-title = Sign in
sign-in-text = With an account on any Matrix server.
account-kind = Account
have-account = I have an account
new-account = Make a new one
server = Server
server-help = A name such as matrix.org, or a full address.
user-name = User name
user-name-help = Others find you by it. Letters and figures, no spaces.
reach-you-as = Others reach you as { $address }
password = Password
show-password = Show password
hide-password = Hide password
strength-none = Four plain words are strong and easy to remember.
strength-short = Too short. Eight characters at least.
strength-weak = Weak. Four plain words are stronger and easier.
strength-fair = Fair. Four plain words are stronger and easier.
strength-good = Strong.
sign-in = Sign in
create-account = Create account

host-title = Your account
host-text = On a server of your own, on this computer.
host-name = Server name (optional)
host-name-help = The part after the colon in your address. Left empty, one is made up for you.
host-start = Start the server
host-note = The server runs while Hark runs. Its data stays in Hark’s folder on this disk.

## Inbox
conversations = Conversations
all = All
unread = Unread
groups = Groups
new-conversation = New conversation
loading-conversations = Loading your conversations
nobody-yet = Nobody here yet
find-someone = Find someone
nobody-yet-more = Add someone by their name or their address.
none-here = Nothing here
no-messages-yet = No messages yet
unread-count = { $count } unread
typing = typing…
typing-one = { $name } is typing…
typing-many = { $count } people are typing…
draft = Draft:
not-sent = Not sent
waiting-count = { $count } waiting to be sent
voice-message = Voice message
voice-of = Voice message · { $length }
photo = Photo
photo-of = Photo · { $body }
video = Video
video-of = Video · { $body }
file = File
redacted = Message deleted
unsupported = A message this version cannot show
invites-person = Wants to talk with you
invites-group = Invites you to a group
requests-note = From people you have not talked with yet. They cannot see that you looked.
no-requests = No requests
no-requests-more = When someone new writes to you, they wait here for your answer.
all-requests = All { $count } requests
accept = Accept
decline = Decline
accept-of = Accept the request of { $name }
decline-of = Decline the request of { $name }

## Search
search = Search
search-title = Search
search-label = Search messages and people
key-search = Ctrl K
leave-search = Leave search
results = Results
people-and-groups = People and groups
found-messages = { $count ->
    [one] 1 message
   *[other] { $count } messages
}, in { $places ->
    [one] 1 conversation
   *[other] { $places } conversations
}
nothing-found = Nothing found for “{ $words }”
nothing-found-more = Try fewer words, or the beginning of a word.
you-to = You to { $name }

## New conversation
new-who = Who do you want to write to?
new-who-help = A name, or a full address such as { $example }
people = People
nobody-found = Nobody by that name on your server. Type the full address to write to anyone.
write-to-address = Write to this address

## Thread
conversation-with = Conversation with { $name }
messages = Messages
loading-messages = Loading messages
new-count = { $count } new
back-to-inbox = Back to inbox
to-latest = Jump to latest
to-latest-new = Jump to latest, { $count } new
encrypted = end-to-end encrypted
wants-to-talk = wants to talk with you
you-left = you are no longer in this conversation
copy-address = Copy address
address-copied = Address copied
leave-ask = Leave conversation…
leave-title = Leave this conversation?
leave-text = You will not get messages from { $name } here any more, and it goes from your inbox.
leave = Leave
edited = edited
mark-waiting = sending
mark-sent = sent
mark-delivered = delivered
mark-read = read
mark-heard = heard
voice-spoken = voice message, { $length }
open-photo = Open photo { $body }
photo-gone = The picture cannot be loaded now
download = Download { $body }
thread-failed = The messages could not be read
thread-first = Say the first word
thread-first-more = { $name } sees it as soon as it arrives.
left-note = You left this conversation. Its messages stay here to read.
system-created-you = You started the conversation
system-joined-you = You joined
system-left-you = You left
system-invited-you = You invited { $who }
system-removed-you = You removed { $who }
system-renamed-you = You named it “{ $name }”
system-created = { $by } started the conversation
system-joined = { $who } joined
system-left = { $who } left
system-invited = { $by } invited { $who }
system-removed = { $by } removed { $who }
system-renamed = { $by } named it “{ $name }”
request-person = { $name } would like to send you messages.
request-group = You are invited to this group.
accept-means = Accepting lets { $name } write to you and see when you read.
accept-means-group = Accepting lets everyone in the group see your name and when you read.
pick-title = Pick a conversation
pick-text = Or start a new one: with a name, or with any Matrix address.
first-title = Write to someone
first-text = All it takes is their name on your server, or their full Matrix address.

## Voice
play-voice = Play voice message, { $length }
pause = Pause
go-on = Go on playing
stop = Stop
position = Position
position-of = { $at } of { $length }
not-played = not played yet
speed = Playback speed { $speed }×
speed-tip = Change the playback speed
now-playing = Now playing
show-message-of = Show the message of { $name }

## Composer
message = Message
message-or-talk = Message, or hold Space to talk
message-offline = Message, sent when you are back online
send = Send
too-long = Too long. Shorten it to 4,000 characters.
attach-sound = Send a sound file as a voice message
preparing-voice = Becoming a voice message…
remove-file = Remove this file
drop-here = Drop a sound file to send it as a voice message
drop-not-sound = Only sound files can be sent for now.

## Recording
hold-to-talk = Hold to talk, or press Enter to record hands-free
release-to-send = Release to send
send-voice = Send voice message
bar-recording = Recording
bar-hands-free = Recording, hands-free
bar-review = Review before sending
recorded = Recorded { $length }
discard = Discard
slide-to-cancel = Slide to cancel
pause-and-listen = Pause and listen
listen = Listen
play-review = Play
record-more = Record more
go-on-with = Go on with { $name }
go-on-recording = Go on recording
kept-here = Kept on this computer
while-you-speak = while you speak
paused-note = Paused. Nothing leaves until you send it.
key-space = Space
do-release = release to send
do-lock = lock
do-cancel = cancel
do-send = send
do-pause = pause
do-discard = discard
nothing-heard = Nothing is heard from { $device }.
another-microphone = Another microphone
too-short = Too short to send. Hold longer, or tap for hands-free.
discarded = Recording discarded, { $length }
undo = Undo
recording-elsewhere = You are recording for { $name }. Send or pause it to talk here.
recording-for = Recording for { $name }
for-whom = For { $name }
recording-row = Recording · { $length }
playing-row = Playing · { $at }
voice-draft = Voice message, not sent yet
said-recording = Recording
said-hands-free = Recording hands-free
said-paused = Recording paused
said-sent = Voice message sent
said-discarded = Recording discarded

cut-off-title = A recording was cut off
stopped-today = Hark stopped at { $time } while you were speaking to
stopped-yesterday = Hark stopped at { $time } yesterday while you were speaking to
stopped-then = Hark stopped on { $day } at { $time } while you were speaking to
cut-off-kept = Nothing is lost, up to the last second.
all-kept = { $length }, all of it kept
stays-until = It stays on this computer until you decide.
more-cut-off = { $count ->
    [one] 1 more waits after this one.
   *[other] { $count } more wait after this one.
}
keep-as-draft = Keep as draft
found-recording = A recording was found.
found-recording-more = { $length } for { $name }, kept on this computer.
look-at-it = Decide

## Connection
offline = No connection.
offline-more = You can read and write. Messages go out when it is back.
offline-waiting = You can read and write. { $count ->
    [one] 1 message waits its turn.
   *[other] { $count } messages wait their turn.
}
next-try = Next try in { $seconds } s
trying = Trying…
reconnecting = Connecting…
retry-now = Retry now
logged-out = You were signed out.
sign-in-again = Sign in again
engine-gone = Hark is not running.
engine-gone-more = This page comes back by itself when it does.
refused-title = This page cannot reach Hark
refused-text = Its link was used up, or Hark was started anew. Open the link it prints, or run “hark browser” for a new one.
refused-banner = This page belongs to an earlier start of Hark.
connecting-title = Connecting to Hark

## Settings
back-to-settings = Back to settings
settings-sound = Sound
settings-notifications = Notifications
settings-storage = Storage
settings-appearance = Appearance
settings-account = Account
settings-shortcuts = Shortcuts
settings-about = About
microphone = Microphone
microphone-level = Microphone level
decibels = { $value } dB
percent = { $value } %
system-device = As the system
system-device-of = As the system: { $name }
not-connected = not connected
gone-microphone = The chosen one is not connected. Until it is, { $name } is used.
monitor-note = what this computer plays
record-five = Record 5 seconds
recording-five = Recording…
record-five-more = Then hear how you sound.
play-test = Play the test
even-loudness = Even loudness
even-loudness-more = Quiet voices come up, loud ones come down.
speaker = Speaker
volume = Volume
play-a-sound = Play a sound
listening = Listening
play-on = Play the next unheard by itself
play-on-more = Oldest first, in the same conversation.
on-this-computer = On this computer
loading-storage = Counting what is kept
disk-free = { $size } free on this disk
stored-voice = Voice
stored-media = Other media
stored-messages = Messages and search
stored-recordings = Recordings not sent
keep = Keep
space-for-media = Space for media
space-for-media-more = The oldest goes first. Everything can be fetched again.
fetch-unasked = Fetch without asking
fetch-nothing = Nothing
fetch-voice = Voice
fetch-everything = Everything
clear-media = Fetched media
clear-media-more = Frees their space. Each can be fetched again.
free-up = Free up
notify-now = Now
do-not-disturb = Do not disturb
do-not-disturb-more = Nothing is shown, nothing plays by itself. Unread still counts.
tell-me-about = Tell me about
notify-messages-more = While you look elsewhere
notify-how = How
notify-show = Show
notify-show-more = Others may see your screen
show-words = Name and message
show-name = Name only
running = While you are away
close-to-tray = Keep running when the window is closed
close-to-tray-more = It stays in the tray, where there is one.
start-at-login = Start at login
start-at-login-more = Without a window, so that messages arrive.
scheme = Scheme
scheme-system = As the system
scheme-light = Light
scheme-dark = Dark
scheme-contrast = More contrast
signed-in-here = Signed in here
homeserver = Server
device = This device
your-server = Your server
server-name = Name
server-url = Address on this computer
server-state = State
server-running = Running
server-starting = Starting…
server-stopped = Stopped
server-start = Start
server-stop-ask = Stop…
server-stop-title = Stop your server?
server-stop-text = Nobody on it can send or receive anything until you start it again. Nothing is lost.
server-stop = Stop the server
your-server-note = Others on this computer reach it at this address. It runs while Hark runs.
your-server-lasting-note = Others on this computer reach it at this address. It goes on when you close Hark.
sign-out-here = Sign out here
sign-out-note = Forgets this account and its messages on this computer.
sign-out-ask = Sign out…
sign-out-title = Sign out of Hark?
sign-out-text = Messages and drafts on this computer are removed. What is on the server stays there. Messages that still wait to be sent are lost.
sign-out-text-hosting = Messages and drafts in this window are removed; your server and what it holds stay on this disk. Messages that still wait to be sent are lost.
sign-out = Sign out
about-hark = Hark
version = Version
licence = Licence

## Keys
keys-everywhere = Everywhere
keys-talk = Talking
keys-thread = In a conversation
key-talk = Hold to talk, let go to send
key-tap = Tap to record hands-free
key-lock = While holding: go on hands-free
key-send-voice = Send what was recorded
key-pause = Pause a hands-free recording
key-discard = Discard what is being recorded
key-undo = Take the discarded recording back
key-go-to = Search
key-new = New conversation
key-conversation = Previous, next conversation
key-next-unread = Next unread
key-column = Next column
key-settings = Settings
key-help = All shortcuts
key-back = Cancel, close, back
key-send = Send
key-line = New line
key-walk = Walk through the messages
key-play = Play or pause a voice message
key-scrub = Five seconds back or forward
key-speed = Slower, faster
