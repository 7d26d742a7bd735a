-- People, their devices, and what they keep on the server.

CREATE TABLE users (
    user_id       TEXT    NOT NULL PRIMARY KEY, -- Matrix id
    password_hash TEXT,                         -- argon2id, PHC string; null: no password opens this account
    admin         INTEGER NOT NULL DEFAULT 0,   -- 1: may administer the server
    created_ms    INTEGER NOT NULL              -- when, ms
) STRICT, WITHOUT ROWID;

CREATE TABLE devices (
    user_id      TEXT    NOT NULL, -- owner
    device_id    TEXT    NOT NULL, -- Matrix id of the device
    display_name TEXT    NOT NULL, -- the device id until the client names it
    token_hash   BLOB    NOT NULL, -- SHA-256 of its access token
    last_seen_ms INTEGER NOT NULL, -- last sign-in, ms
    last_seen_ip TEXT    NOT NULL, -- from where, '' when unknown
    PRIMARY KEY (user_id, device_id)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX devices_by_token ON devices (token_hash);

CREATE TABLE profiles (
    user_id TEXT NOT NULL, -- whose
    field   TEXT NOT NULL, -- displayname, avatar_url or a free key
    value   TEXT NOT NULL, -- JSON
    PRIMARY KEY (user_id, field)
) STRICT, WITHOUT ROWID;

CREATE TABLE account_data (
    user_id TEXT    NOT NULL, -- whose
    room_id TEXT    NOT NULL, -- room it belongs to; '' for the whole account
    type    TEXT    NOT NULL, -- event type, m.tag and m.push_rules included
    json    TEXT    NOT NULL, -- content
    pos     INTEGER NOT NULL, -- position of the last change
    PRIMARY KEY (user_id, room_id, type)
) STRICT, WITHOUT ROWID;

CREATE INDEX account_data_by_change ON account_data (user_id, pos);

-- Messages waiting for a device. They go when it syncs from a position at or past them.
CREATE TABLE to_device (
    user_id   TEXT    NOT NULL, -- addressee
    device_id TEXT    NOT NULL, -- and which of their devices
    pos       INTEGER NOT NULL, -- position of arrival
    sender    TEXT    NOT NULL, -- user id of the sender
    type      TEXT    NOT NULL, -- event type
    json      TEXT    NOT NULL, -- content
    PRIMARY KEY (user_id, device_id, pos)
) STRICT, WITHOUT ROWID;

CREATE TABLE filters (
    user_id   TEXT NOT NULL, -- whose
    filter_id TEXT NOT NULL, -- hash of the JSON: the same filter has the same id
    json      TEXT NOT NULL, -- the filter
    PRIMARY KEY (user_id, filter_id)
) STRICT, WITHOUT ROWID;

-- What was uploaded. The bytes are in a file named by their hash; two uploads of the same bytes share it.
CREATE TABLE media (
    media_id     TEXT    NOT NULL PRIMARY KEY, -- random id in mxc://server/id
    content_hash TEXT    NOT NULL,             -- SHA-256 of the bytes, hex
    size         INTEGER NOT NULL,             -- bytes
    content_type TEXT    NOT NULL,             -- as the uploader declared it
    filename     TEXT,                         -- as the uploader declared it
    user_id      TEXT    NOT NULL,             -- uploader
    created_ms   INTEGER NOT NULL              -- when, ms
) STRICT, WITHOUT ROWID;

CREATE INDEX media_by_content ON media (content_hash);

CREATE TABLE registration_tokens (
    token      TEXT    NOT NULL PRIMARY KEY, -- what the newcomer types
    uses_left  INTEGER,                      -- null: without end
    created_ms INTEGER NOT NULL              -- when, ms
) STRICT, WITHOUT ROWID;
