-- Played receipts (RC3): one per voice message, unlike m.read, which covers all before it.

CREATE TABLE played_out (
    event_id TEXT NOT NULL PRIMARY KEY,        -- heard by me, still to be told
    room_id TEXT NOT NULL                      -- its room
) STRICT, WITHOUT ROWID;

CREATE TABLE played_early (
    event_id TEXT NOT NULL,                    -- event not here yet
    user_id TEXT NOT NULL,                     -- who has heard it, me or another
    PRIMARY KEY (event_id, user_id)
) STRICT, WITHOUT ROWID;
