-- Who has heard which voice message. Hearing one says nothing of those before it.
CREATE TABLE played (
    room_nid  INTEGER NOT NULL, -- room
    event_pos INTEGER NOT NULL, -- position of the message
    user_id   TEXT    NOT NULL, -- who heard it
    event_id  TEXT    NOT NULL, -- id of the message
    ts        INTEGER NOT NULL, -- when, ms
    pos       INTEGER NOT NULL, -- position of this change
    PRIMARY KEY (room_nid, event_pos, user_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX played_by_change ON played (room_nid, pos);
