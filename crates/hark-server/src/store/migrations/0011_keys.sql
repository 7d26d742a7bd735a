-- End-to-end encryption: what devices publish, and what they leave here for themselves.

CREATE TABLE device_keys (
    user_id   TEXT NOT NULL, -- owner
    device_id TEXT NOT NULL, -- and which of their devices
    json      TEXT NOT NULL, -- the signed device keys as they were uploaded
    PRIMARY KEY (user_id, device_id)
) STRICT, WITHOUT ROWID;

-- Each is given away once, oldest first. Those given away are remembered for a while, lest they are taken for new ones when the
-- request that brought them is sent again.
CREATE TABLE one_time_keys (
    user_id   TEXT    NOT NULL, -- owner
    device_id TEXT    NOT NULL, -- and which of their devices
    algorithm TEXT    NOT NULL, -- for example signed_curve25519
    key_id    TEXT    NOT NULL, -- id behind the algorithm
    seq       INTEGER NOT NULL, -- order of arrival
    claimed   INTEGER NOT NULL, -- 1: somebody has it
    json      TEXT    NOT NULL, -- the key
    PRIMARY KEY (user_id, device_id, algorithm, key_id)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX one_time_keys_by_arrival ON one_time_keys (user_id, device_id, algorithm, claimed, seq);

-- Given away, again and again, when no one-time key is left.
CREATE TABLE fallback_keys (
    user_id   TEXT    NOT NULL,           -- owner
    device_id TEXT    NOT NULL,           -- and which of their devices
    algorithm TEXT    NOT NULL,           -- one key for each
    key_id    TEXT    NOT NULL,           -- id behind the algorithm
    json      TEXT    NOT NULL,           -- the key
    used      INTEGER NOT NULL DEFAULT 0, -- 1: somebody has it, a new one is due
    PRIMARY KEY (user_id, device_id, algorithm)
) STRICT, WITHOUT ROWID;

CREATE TABLE cross_signing_keys (
    user_id    TEXT NOT NULL, -- owner
    usage      TEXT NOT NULL, -- master, self_signing or user_signing
    public_key TEXT NOT NULL, -- unpadded base64; its id behind ed25519:
    json       TEXT NOT NULL, -- the signed key as it was uploaded
    PRIMARY KEY (user_id, usage)
) STRICT, WITHOUT ROWID;

-- Signatures that came after the object they belong to.
CREATE TABLE key_signatures (
    target_user TEXT NOT NULL, -- whose object was signed
    target_key  TEXT NOT NULL, -- a device id or a master key
    signer      TEXT NOT NULL, -- who signed
    signing_key TEXT NOT NULL, -- with which key, algorithm included
    signature   TEXT NOT NULL, -- unpadded base64
    PRIMARY KEY (target_user, target_key, signer, signing_key)
) STRICT, WITHOUT ROWID;

CREATE INDEX key_signatures_by_signer ON key_signatures (signer, signing_key);

-- Where in the log a user's devices or keys changed last. One row for each user, whoever shares a room with them.
CREATE TABLE device_lists (
    user_id TEXT    NOT NULL, -- whose
    told_to TEXT    NOT NULL, -- '': all who share a room with them; else this user alone
    pos     INTEGER NOT NULL, -- position of the last change
    PRIMARY KEY (user_id, told_to)
) STRICT, WITHOUT ROWID;

CREATE INDEX device_lists_by_change ON device_lists (told_to, pos);

-- Where in the log a device last lost a key to a claim.
CREATE TABLE key_claims (
    user_id   TEXT    NOT NULL, -- owner
    device_id TEXT    NOT NULL, -- and which of their devices
    pos       INTEGER NOT NULL, -- position of the claim
    PRIMARY KEY (user_id, device_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX memberships_by_start ON memberships (room_nid, from_pos);

CREATE TABLE key_backups (
    user_id   TEXT    NOT NULL,           -- owner
    version   INTEGER NOT NULL,           -- counts up, never given twice
    algorithm TEXT    NOT NULL,           -- opaque to the server
    auth_data TEXT    NOT NULL,           -- JSON, opaque to the server
    etag      INTEGER NOT NULL DEFAULT 0, -- changes with what is stored
    deleted   INTEGER NOT NULL DEFAULT 0, -- 1: kept so that its number is not given again
    PRIMARY KEY (user_id, version)
) STRICT, WITHOUT ROWID;

CREATE TABLE backed_up_keys (
    user_id             TEXT    NOT NULL, -- owner
    version             INTEGER NOT NULL, -- of which backup
    room_id             TEXT    NOT NULL, -- room of the session
    session_id          TEXT    NOT NULL, -- id of the session
    first_message_index INTEGER NOT NULL, -- lower is better
    forwarded_count     INTEGER NOT NULL, -- lower is better
    is_verified         INTEGER NOT NULL, -- 1 is better
    session_data        TEXT    NOT NULL, -- JSON, encrypted for the owner
    PRIMARY KEY (user_id, version, room_id, session_id)
) STRICT, WITHOUT ROWID;

-- A device that never syncs: it takes in messages while all others are away.
CREATE TABLE dehydrated_devices (
    user_id      TEXT NOT NULL PRIMARY KEY, -- owner
    device_id    TEXT NOT NULL,             -- its id; its keys and messages are kept as those of any device
    display_name TEXT,                      -- its name, where it has one
    json         TEXT NOT NULL              -- its data, encrypted for the owner
) STRICT, WITHOUT ROWID;
