-- Several tokens for a device, so that one can follow another; accounts that are closed, held or locked.

CREATE TABLE tokens (
    token_hash   BLOB NOT NULL PRIMARY KEY, -- SHA-256 of an access token
    user_id      TEXT NOT NULL,             -- whose
    device_id    TEXT NOT NULL,             -- and for which of their devices
    expires_ms   INTEGER,                   -- when it ends, ms; null: with its device
    refresh_hash BLOB,                      -- SHA-256 of the refresh token that came with it; null: none, or it was used up
    follows      BLOB                       -- token_hash of the one it was got for; null once this one was used
) STRICT, WITHOUT ROWID;

CREATE INDEX tokens_by_device ON tokens (user_id, device_id);
CREATE UNIQUE INDEX tokens_by_refresh ON tokens (refresh_hash) WHERE refresh_hash IS NOT NULL;

INSERT INTO tokens (token_hash, user_id, device_id) SELECT token_hash, user_id, device_id FROM devices;
DROP INDEX devices_by_token;
ALTER TABLE devices DROP COLUMN token_hash;

ALTER TABLE users ADD COLUMN suspended INTEGER NOT NULL DEFAULT 0; -- 1: may read, not write
ALTER TABLE users ADD COLUMN locked INTEGER NOT NULL DEFAULT 0;    -- 1: may do nothing until it is unlocked
ALTER TABLE users ADD COLUMN closed_ms INTEGER;                    -- when its owner closed it for ever, ms; null: open
ALTER TABLE users ADD COLUMN leaving INTEGER NOT NULL DEFAULT 0;   -- 1: closed, and rooms are still to be left
ALTER TABLE users ADD COLUMN erased_pos INTEGER;                   -- position in the log when its owner had it erased; null: not

CREATE INDEX users_leaving ON users (leaving) WHERE leaving = 1;
CREATE INDEX users_erased ON users (user_id, erased_pos) WHERE erased_pos IS NOT NULL;
