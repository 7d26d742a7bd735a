-- Relations between events, jumping to a date, and searching for words.

ALTER TABLE events ADD COLUMN related INTEGER NOT NULL DEFAULT 0; -- 1: another event was sent that relates to this one

UPDATE events SET related = 1 WHERE event_id IN (SELECT relates_to FROM events WHERE relates_to IS NOT NULL);

-- Holds all that counting a thread needs.
DROP INDEX events_by_relation;
CREATE INDEX events_by_relation ON events (relates_to, rel_type, pos, sender, room_nid) WHERE relates_to IS NOT NULL;

CREATE INDEX events_by_thread ON events (room_nid, pos, relates_to, sender) WHERE rel_type = 'm.thread';
CREATE INDEX events_by_time ON events (room_nid, ts);

-- rowid is the event's position; room is 'r' and the room's number; text is what was said. meta.search_indexed says how far it goes.
CREATE VIRTUAL TABLE search USING fts5 (
    room, text, content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2'
);
