-- Files that are promised, files nothing refers to, and how much each person keeps.

-- Addresses handed out before there is a file (MSC2246). With the file the row moves to media.
CREATE TABLE media_pending (
    media_id   TEXT    NOT NULL PRIMARY KEY, -- random id in mxc://server/id
    user_id    TEXT    NOT NULL,             -- who may fill it
    expires_ms INTEGER NOT NULL              -- until when, ms
) STRICT, WITHOUT ROWID;

CREATE INDEX media_pending_by_user ON media_pending (user_id, expires_ms);
CREATE INDEX media_pending_by_expiry ON media_pending (expires_ms);

-- Who names a file where the server can read it. Files of before this table was kept are never taken for unused.
CREATE TABLE media_refs (
    holder   TEXT NOT NULL, -- 'event <position>', 'profile <user> <field>' or 'account <user> <room> <type>'
    media_id TEXT NOT NULL, -- the file it names
    PRIMARY KEY (holder, media_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX media_refs_by_media ON media_refs (media_id);

ALTER TABLE media ADD COLUMN unused_since_ms INTEGER; -- since when nothing refers to it; null: something does, or nobody can know
ALTER TABLE media ADD COLUMN referred INTEGER NOT NULL DEFAULT 0; -- 1: something referred to it once

CREATE INDEX media_by_unused ON media (referred, unused_since_ms) WHERE unused_since_ms IS NOT NULL;
CREATE INDEX media_by_user ON media (user_id, size);
