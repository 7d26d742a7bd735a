-- The store of one account. Times are milliseconds since 1970. A place in a room is (sort, seq): `seq` is the server's
-- order within the room, `sort` a time that never runs against it, so that several rooms of one person can be merged.

CREATE TABLE meta (
    name TEXT NOT NULL PRIMARY KEY,            -- 'me', 'login', 'sync_token'
    value TEXT NOT NULL                        -- its one value
) STRICT, WITHOUT ROWID;

CREATE TABLE rooms (
    room_id TEXT NOT NULL PRIMARY KEY,         -- Matrix room id
    conversation TEXT NOT NULL,                -- what the inbox shows it under: `contact`, else the room id
    contact TEXT,                              -- the other person, where it is a conversation of two
    direct_hint TEXT,                          -- the other person according to `is_direct` of an invitation
    membership TEXT NOT NULL,                  -- mine: join, invite, leave
    hidden INTEGER NOT NULL DEFAULT 0,         -- 1: left by own will, or a space; not in the inbox
    usable INTEGER NOT NULL DEFAULT 1,         -- 0: the server no longer lets me send here (DM7)
    name TEXT,                                 -- m.room.name
    alias TEXT,                                -- m.room.canonical_alias
    avatar TEXT,                               -- m.room.avatar
    created_ts INTEGER NOT NULL DEFAULT 9007199254740991, -- time of m.room.create; the oldest room is the primary one
    encrypted INTEGER NOT NULL DEFAULT 0,      -- 1 for ever once m.room.encryption was seen
    inviter TEXT,                              -- who invited me
    invite_ts INTEGER NOT NULL DEFAULT 0,      -- when
    heroes TEXT NOT NULL DEFAULT '[]',         -- JSON: user ids the server names the room by
    typing TEXT NOT NULL DEFAULT '[]',         -- JSON: user ids typing now, without me
    end_sort INTEGER NOT NULL DEFAULT 0,       -- place of the newest event
    end_seq INTEGER NOT NULL DEFAULT 0,        -- place of the newest event
    read_sort INTEGER NOT NULL DEFAULT -1,     -- place I have read up to
    read_seq INTEGER NOT NULL DEFAULT -1       -- place I have read up to
) STRICT, WITHOUT ROWID;
CREATE INDEX rooms_by_conversation ON rooms (conversation);
CREATE INDEX rooms_by_alias ON rooms (alias) WHERE alias IS NOT NULL;

CREATE TABLE members (
    room_id TEXT NOT NULL,                     -- room
    user_id TEXT NOT NULL,                     -- person
    membership TEXT NOT NULL,                  -- join, invite, leave, ban, knock
    name TEXT NOT NULL DEFAULT '',             -- display name there; empty = none
    avatar TEXT,                               -- mxc of the picture
    PRIMARY KEY (room_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX members_by_user ON members (user_id, room_id);

CREATE TABLE direct (
    room_id TEXT NOT NULL,                     -- room
    contact TEXT NOT NULL,                     -- person it is with, by m.direct
    PRIMARY KEY (room_id, contact)
) STRICT, WITHOUT ROWID;

CREATE TABLE direct_pending (
    room_id TEXT NOT NULL PRIMARY KEY,         -- room m.direct on the server lacks
    contact TEXT NOT NULL                      -- under this person
) STRICT, WITHOUT ROWID;

CREATE TABLE contacts (
    user_id TEXT NOT NULL PRIMARY KEY          -- person whose invitations are joined by themselves (DM4)
) STRICT, WITHOUT ROWID;

CREATE TABLE creating (
    contact TEXT NOT NULL PRIMARY KEY,         -- person a room is being created with; outlives a crash
    since INTEGER NOT NULL                     -- when that began
) STRICT, WITHOUT ROWID;

CREATE TABLE conversations (
    id TEXT NOT NULL PRIMARY KEY,              -- contact's user id or room id
    person INTEGER NOT NULL,                   -- 1 person, 0 group
    room_id TEXT,                              -- primary room
    name TEXT NOT NULL,                        -- title
    avatar TEXT,                               -- mxc
    membership TEXT NOT NULL,                  -- join, invite, leave
    last_key INTEGER,                          -- newest message
    draft TEXT,                                -- unsent text
    unread INTEGER NOT NULL DEFAULT 0,         -- messages of others after my marker
    highlights INTEGER NOT NULL DEFAULT 0,     -- of these, naming me
    typing TEXT NOT NULL DEFAULT '[]',         -- JSON: display names
    waiting INTEGER NOT NULL DEFAULT 0,        -- outbox rows
    activity_ts INTEGER NOT NULL DEFAULT 0,    -- what the inbox is ordered by
    encrypted INTEGER NOT NULL DEFAULT 0       -- 1: end-to-end
) STRICT, WITHOUT ROWID;
CREATE INDEX conversations_by_activity ON conversations (activity_ts DESC, id);

CREATE TABLE messages (
    key INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, -- the row's name on this device, for ever
    conversation TEXT NOT NULL,                -- where it is shown
    room_id TEXT NOT NULL,                     -- room; empty while the room is not made yet
    event_id TEXT,                             -- known once the server has it
    txn_id TEXT,                               -- mine from this device: transaction id
    sender TEXT NOT NULL,                      -- user id
    mine INTEGER NOT NULL,                     -- 1: from me, on whatever device
    timestamp INTEGER NOT NULL,                -- server's time; of writing until that is known
    sort INTEGER NOT NULL,                     -- place
    seq INTEGER NOT NULL,                      -- place
    placed INTEGER NOT NULL,                   -- 1: the place is the server's; 0: provisional
    counts INTEGER NOT NULL,                   -- 1: a message; 0: a line about the room
    highlight INTEGER NOT NULL DEFAULT 0,      -- 1: names me
    content TEXT NOT NULL,                     -- JSON, as rendered
    original TEXT,                             -- JSON before edits, where there are any
    edited INTEGER NOT NULL DEFAULT 0,         -- 1: shows an edit
    state TEXT NOT NULL,                       -- waiting uploading sending sent delivered read played failed refused
    reason TEXT,                               -- of failed and refused
    stamp INTEGER                              -- row of `search`, newest first; null = nothing to find
) STRICT;
CREATE INDEX messages_thread ON messages (conversation, sort, seq, key);
CREATE UNIQUE INDEX messages_by_event ON messages (event_id) WHERE event_id IS NOT NULL;
CREATE UNIQUE INDEX messages_by_txn ON messages (txn_id) WHERE txn_id IS NOT NULL;
CREATE UNIQUE INDEX messages_by_stamp ON messages (stamp) WHERE stamp IS NOT NULL;
CREATE INDEX messages_of_others ON messages (room_id, sort, seq) WHERE mine = 0 AND counts = 1;
CREATE INDEX messages_unseen ON messages (room_id, sort, seq) WHERE mine = 1 AND state = 'sent';
CREATE INDEX messages_unplaced ON messages (room_id, seq) WHERE placed = 0;

CREATE VIRTUAL TABLE search USING fts5 (
    body, content = '', contentless_delete = 1,
    tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3'
);

CREATE TABLE hidden_events (
    event_id TEXT NOT NULL PRIMARY KEY,        -- event without a row of its own: state, edit, reaction
    room_id TEXT NOT NULL,                     -- room
    sort INTEGER NOT NULL,                     -- place
    seq INTEGER NOT NULL                       -- place
) STRICT, WITHOUT ROWID;

CREATE TABLE edits (
    event_id TEXT NOT NULL PRIMARY KEY,        -- the m.replace event
    target TEXT NOT NULL,                      -- what it replaces
    sender TEXT NOT NULL,                      -- must be the target's
    sort INTEGER NOT NULL,                     -- place: the newest wins
    seq INTEGER NOT NULL,                      -- place
    content TEXT NOT NULL                      -- JSON, as rendered
) STRICT, WITHOUT ROWID;
CREATE INDEX edits_by_target ON edits (target);

CREATE TABLE redactions (
    target TEXT NOT NULL PRIMARY KEY           -- removed before it was seen here
) STRICT, WITHOUT ROWID;

CREATE TABLE gaps (
    room_id TEXT NOT NULL,                     -- room
    seq INTEGER NOT NULL,                      -- events between this place and older ones are missing
    sort INTEGER NOT NULL,                     -- upper bound of `sort` for what is filled in
    low_sort INTEGER NOT NULL,                 -- lower bound of `sort`
    token TEXT NOT NULL,                       -- where /messages goes on, backwards
    PRIMARY KEY (room_id, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE receipts (
    room_id TEXT NOT NULL,                     -- room
    user_id TEXT NOT NULL,                     -- someone else
    event_id TEXT NOT NULL,                    -- has read up to this
    timestamp INTEGER NOT NULL,                -- when
    sort INTEGER NOT NULL,                     -- place of that event
    seq INTEGER NOT NULL,                      -- place of that event
    PRIMARY KEY (room_id, user_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE receipts_early (
    event_id TEXT NOT NULL,                    -- event not here yet
    user_id TEXT NOT NULL,                     -- who has read it, me or another
    room_id TEXT NOT NULL,                     -- room
    timestamp INTEGER NOT NULL,                -- when
    PRIMARY KEY (event_id, user_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE receipts_out (
    room_id TEXT NOT NULL PRIMARY KEY,         -- room
    event_id TEXT NOT NULL                     -- m.read still to be sent
) STRICT, WITHOUT ROWID;

CREATE TABLE outbox (
    key INTEGER NOT NULL PRIMARY KEY,          -- messages.key; the order of sending
    conversation TEXT NOT NULL,                -- one is under way per conversation
    txn_id TEXT NOT NULL,                      -- the same on every try
    step TEXT NOT NULL,                        -- waiting, uploaded, sealed
    mxc TEXT,                                  -- of the finished upload
    content TEXT NOT NULL,                     -- JSON of the event; sealed: exactly as it goes out
    tries INTEGER NOT NULL DEFAULT 0,          -- failed while online
    rerouted INTEGER NOT NULL DEFAULT 0,       -- 1: moved to another room once (DM7)
    refused INTEGER NOT NULL DEFAULT 0         -- 1: refused for good, kept for Retry / Delete
) STRICT;
CREATE INDEX outbox_by_conversation ON outbox (conversation);

CREATE TABLE outgoing_media (
    key INTEGER NOT NULL PRIMARY KEY,          -- outbox.key
    mime TEXT NOT NULL,                        -- declared type
    bytes BLOB NOT NULL                        -- the file, until its message is sent
) STRICT;
