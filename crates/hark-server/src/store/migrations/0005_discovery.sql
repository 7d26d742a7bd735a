-- What those outside a room may ask about it: what it shows, and what is wrong with it.

-- Copies out of a room's current state, kept by the writer, so that the directory and summaries ask no state at all. A table of
-- its own, because the row in rooms is written with every message.
CREATE TABLE room_cards (
    room_nid   INTEGER NOT NULL PRIMARY KEY, -- room
    name       TEXT,                         -- m.room.name
    topic      TEXT,                         -- m.room.topic
    alias      TEXT,                         -- m.room.canonical_alias
    avatar     TEXT,                         -- url of m.room.avatar
    type       TEXT,                         -- type of m.room.create; null: an ordinary room
    join_rule  TEXT,                         -- m.room.join_rules; null: by invitation
    allow      TEXT,                         -- allow of m.room.join_rules, a JSON list
    visibility TEXT,                         -- m.room.history_visibility; null: shared
    guests     TEXT,                         -- m.room.guest_access; null: forbidden
    encryption TEXT                          -- algorithm of m.room.encryption; null: not encrypted
) STRICT;

CREATE TEMP VIEW said AS
    SELECT s.room_nid, s.type, m.key, m.value, m.type AS value_type
    FROM room_state s JOIN events e ON e.pos = s.from_pos, json_each(e.json, '$.content') m
    WHERE s.state_key = '' AND s.to_pos = 9223372036854775807;

INSERT INTO room_cards (room_nid, name, topic, alias, avatar, type, join_rule, allow, visibility, guests, encryption)
SELECT room_nid,
    (SELECT value FROM said s WHERE s.room_nid = r.room_nid AND type = 'm.room.name' AND key = 'name' AND value_type = 'text'),
    (SELECT value FROM said s WHERE s.room_nid = r.room_nid AND type = 'm.room.topic' AND key = 'topic' AND value_type = 'text'),
    (SELECT value FROM said s WHERE s.room_nid = r.room_nid AND type = 'm.room.canonical_alias' AND key = 'alias' AND value_type = 'text'),
    (SELECT value FROM said s WHERE s.room_nid = r.room_nid AND type = 'm.room.avatar' AND key = 'url' AND value_type = 'text'),
    (SELECT value FROM said s WHERE s.room_nid = r.room_nid AND type = 'm.room.create' AND key = 'type' AND value_type = 'text'),
    (SELECT value FROM said s WHERE s.room_nid = r.room_nid AND type = 'm.room.join_rules' AND key = 'join_rule' AND value_type = 'text'),
    (SELECT value FROM said s WHERE s.room_nid = r.room_nid AND type = 'm.room.join_rules' AND key = 'allow' AND value_type = 'array'),
    (SELECT value FROM said s WHERE s.room_nid = r.room_nid AND type = 'm.room.history_visibility' AND key = 'history_visibility' AND value_type = 'text'),
    (SELECT value FROM said s WHERE s.room_nid = r.room_nid AND type = 'm.room.guest_access' AND key = 'guest_access' AND value_type = 'text'),
    (SELECT value FROM said s WHERE s.room_nid = r.room_nid AND type = 'm.room.encryption' AND key = 'algorithm' AND value_type = 'text')
FROM rooms r;

DROP VIEW said;

CREATE INDEX rooms_listed ON rooms (listed, room_id) WHERE listed = 1;

-- What users told the server's owner about others.
CREATE TABLE reports (
    report_id INTEGER NOT NULL PRIMARY KEY, -- number of the report
    ts        INTEGER NOT NULL,             -- when, ms
    reporter  TEXT    NOT NULL,             -- user id of who says it
    room_id   TEXT,                         -- the room it is about, or where the event is
    event_id  TEXT,                         -- the event it is about
    user_id   TEXT,                         -- the user it is about
    reason    TEXT    NOT NULL,             -- in the reporter's words, may be empty
    score     INTEGER                       -- from -100, most offensive, to 0; only old clients send it
) STRICT;
