-- The log, rooms and their events.

CREATE TABLE meta (
    key   TEXT NOT NULL PRIMARY KEY, -- name of the setting
    value TEXT NOT NULL              -- its value
) STRICT, WITHOUT ROWID;

-- A token of another database never fits this one.
INSERT INTO meta (key, value) VALUES ('epoch', lower(hex(randomblob(4))));

-- Every durable change, in commit order. The only clock.
CREATE TABLE log (
    pos      INTEGER NOT NULL PRIMARY KEY, -- position, without gaps
    kind     INTEGER NOT NULL,             -- LogKind
    room_nid INTEGER,                      -- room it happened in
    user_id  TEXT                          -- user it concerns; for a membership event its target
) STRICT;

CREATE TABLE rooms (
    room_nid     INTEGER NOT NULL PRIMARY KEY, -- number of the room in this database
    room_id      TEXT    NOT NULL UNIQUE,      -- Matrix id
    version      TEXT    NOT NULL,             -- room version
    head_event   TEXT    NOT NULL,             -- id of the newest event; the next one's prev_events
    head_pos     INTEGER NOT NULL,             -- its position
    depth        INTEGER NOT NULL,             -- its depth
    joined       INTEGER NOT NULL,             -- members now joined
    invited      INTEGER NOT NULL,             -- members now invited
    notify_total INTEGER NOT NULL,             -- events so far that notify by the default push rules
    listed       INTEGER NOT NULL DEFAULT 0    -- 1: published in the room directory
) STRICT;

CREATE TABLE events (
    pos          INTEGER NOT NULL PRIMARY KEY, -- position in the log; names the event inside this database
    event_id     TEXT    NOT NULL UNIQUE,      -- Matrix id
    room_nid     INTEGER NOT NULL,             -- its room
    type         TEXT    NOT NULL,             -- event type
    sender       TEXT    NOT NULL,             -- user id of the author
    state_key    TEXT,                         -- null: not a state event
    ts           INTEGER NOT NULL,             -- origin_server_ts, ms
    json         TEXT    NOT NULL,             -- the whole PDU, canonical; redacted in place
    content_at   INTEGER NOT NULL,             -- byte where the content starts in json
    content_len  INTEGER NOT NULL,             -- bytes of the content in json
    replaces     INTEGER,                      -- position of the state event this one replaced
    redacts      TEXT,                         -- id of the event this one redacts
    redacted_by  INTEGER,                      -- position of the redaction that emptied this event
    relates_to   TEXT,                         -- m.relates_to.event_id
    rel_type     TEXT,                         -- m.relates_to.rel_type
    notify_total INTEGER NOT NULL,             -- rooms.notify_total after this event
    device_id    TEXT,                         -- device that sent it with a transaction id
    txn_id       TEXT                          -- that transaction id
) STRICT;

CREATE INDEX events_by_room ON events (room_nid, pos);
CREATE INDEX events_by_relation ON events (relates_to, rel_type, pos) WHERE relates_to IS NOT NULL;

-- State at P: from_pos <= P < to_pos. from_pos is the position of the state event.
CREATE TABLE room_state (
    room_nid  INTEGER NOT NULL, -- room
    type      TEXT    NOT NULL, -- event type
    state_key TEXT    NOT NULL, -- state key
    from_pos  INTEGER NOT NULL, -- position of the event that set it
    to_pos    INTEGER NOT NULL, -- position of the event that replaced it; 2^63-1 while in force
    PRIMARY KEY (room_nid, type, state_key, from_pos)
) STRICT, WITHOUT ROWID;

CREATE INDEX room_state_by_start ON room_state (room_nid, from_pos);
CREATE INDEX room_state_by_end ON room_state (room_nid, to_pos);

-- Membership at P: from_pos <= P < to_pos. from_pos is the position of the m.room.member event.
CREATE TABLE memberships (
    user_id    TEXT    NOT NULL,           -- member
    room_nid   INTEGER NOT NULL,           -- room
    from_pos   INTEGER NOT NULL,           -- position of the member event
    to_pos     INTEGER NOT NULL,           -- position of the next one; 2^63-1 while in force
    membership TEXT    NOT NULL,           -- join, invite, leave, ban, knock
    sender     TEXT    NOT NULL,           -- who set it: a leave by another is a kick
    forgotten  INTEGER NOT NULL DEFAULT 0, -- 1: the member wants to hear no more of it
    PRIMARY KEY (user_id, room_nid, from_pos)
) STRICT, WITHOUT ROWID;

CREATE INDEX memberships_by_room ON memberships (room_nid, to_pos, membership);

CREATE TABLE receipts (
    room_nid  INTEGER NOT NULL, -- room
    user_id   TEXT    NOT NULL, -- reader
    type      TEXT    NOT NULL, -- m.read or m.read.private
    thread    TEXT    NOT NULL, -- '' unthreaded, 'main', or a root's event id
    event_id  TEXT    NOT NULL, -- newest event read
    event_pos INTEGER NOT NULL, -- its position
    ts        INTEGER NOT NULL, -- when, ms
    pos       INTEGER NOT NULL, -- position of this change
    PRIMARY KEY (room_nid, user_id, type, thread)
) STRICT, WITHOUT ROWID;

CREATE INDEX receipts_by_change ON receipts (room_nid, pos);

-- How far a member has read: the furthest of receipts and own messages. Unread = rooms.notify_total - total.
CREATE TABLE read_points (
    room_nid INTEGER NOT NULL, -- room
    user_id  TEXT    NOT NULL, -- member
    pos      INTEGER NOT NULL, -- position of the newest event read
    total    INTEGER NOT NULL, -- notify_total at that event
    PRIMARY KEY (room_nid, user_id)
) STRICT, WITHOUT ROWID;

-- Events that mention somebody. user_id '' means the whole room.
CREATE TABLE highlights (
    room_nid INTEGER NOT NULL, -- room
    user_id  TEXT    NOT NULL, -- who is mentioned
    pos      INTEGER NOT NULL, -- the event
    PRIMARY KEY (room_nid, user_id, pos)
) STRICT, WITHOUT ROWID;

CREATE TABLE aliases (
    alias    TEXT    NOT NULL PRIMARY KEY, -- #name:server
    room_nid INTEGER NOT NULL,             -- where it leads
    creator  TEXT    NOT NULL              -- user who made it
) STRICT, WITHOUT ROWID;

CREATE INDEX aliases_by_room ON aliases (room_nid);

-- Requests that were answered, so that a repetition changes nothing.
CREATE TABLE txns (
    key    BLOB    NOT NULL PRIMARY KEY, -- hash of user, device, path and transaction id
    answer TEXT    NOT NULL,             -- event id, or '' where the answer is empty
    ts     INTEGER NOT NULL              -- when, ms
) STRICT, WITHOUT ROWID;
