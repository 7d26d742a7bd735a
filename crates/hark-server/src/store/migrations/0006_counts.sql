-- Unread counts for the main timeline and for each thread of a room. An event carries running totals, so that a count is the
-- difference of two; how far a member has read is found from their receipts, from what they sent and from when they joined.

ALTER TABLE rooms ADD COLUMN main_total INTEGER NOT NULL DEFAULT 0; -- those of notify_total that are in no thread

ALTER TABLE events ADD COLUMN thread       INTEGER NOT NULL DEFAULT 0; -- position of the root of its thread; 0: main timeline
ALTER TABLE events ADD COLUMN notifies     INTEGER NOT NULL DEFAULT 0; -- 1: the default push rules notify everybody of it
ALTER TABLE events ADD COLUMN main_total   INTEGER NOT NULL DEFAULT 0; -- rooms.main_total after this event
ALTER TABLE events ADD COLUMN thread_total INTEGER NOT NULL DEFAULT 0; -- threads.total after this event, if it is in a thread

CREATE TABLE threads (
    room_nid INTEGER NOT NULL, -- room
    root     INTEGER NOT NULL, -- position of the event the thread starts at
    total    INTEGER NOT NULL, -- events in it so far that notify by the default push rules
    newest   INTEGER NOT NULL, -- position of the newest event in it
    PRIMARY KEY (room_nid, root)
) STRICT, WITHOUT ROWID;

-- Events that notified and were redacted since: the totals have them, a count must not.
CREATE TABLE uncounted (
    room_nid INTEGER NOT NULL, -- room
    thread   INTEGER NOT NULL, -- as in events
    pos      INTEGER NOT NULL, -- the event
    PRIMARY KEY (room_nid, thread, pos)
) STRICT, WITHOUT ROWID;

UPDATE events SET notifies = 1 FROM (
    SELECT pos, notify_total - lag(notify_total, 1, 0) OVER (PARTITION BY room_nid ORDER BY pos) AS step FROM events
) AS steps WHERE steps.pos = events.pos AND step > 0;

UPDATE events SET thread = root.pos FROM events AS root
WHERE events.rel_type = 'm.thread' AND root.event_id = events.relates_to AND root.room_nid = events.room_nid;
-- What relates to an event in a thread is in that thread, too: so far down as clients follow relations.
UPDATE events SET thread = parent.thread FROM events AS parent
WHERE events.rel_type <> 'm.thread' AND parent.event_id = events.relates_to AND parent.room_nid = events.room_nid;
UPDATE events SET thread = parent.thread FROM events AS parent
WHERE events.rel_type <> 'm.thread' AND parent.event_id = events.relates_to AND parent.room_nid = events.room_nid;
UPDATE events SET thread = parent.thread FROM events AS parent
WHERE events.rel_type <> 'm.thread' AND parent.event_id = events.relates_to AND parent.room_nid = events.room_nid;

UPDATE events SET main_total = totals.total FROM (
    SELECT pos, sum(iif(thread = 0, notifies, 0)) OVER (PARTITION BY room_nid ORDER BY pos) AS total FROM events
) AS totals WHERE totals.pos = events.pos;
UPDATE events SET thread_total = totals.total FROM (
    SELECT pos, sum(notifies) OVER (PARTITION BY thread ORDER BY pos) AS total FROM events WHERE thread > 0
) AS totals WHERE totals.pos = events.pos;
UPDATE rooms SET main_total = events.main_total FROM events WHERE events.pos = rooms.head_pos;
INSERT INTO threads (room_nid, root, total, newest)
SELECT room_nid, thread, sum(notifies), max(pos) FROM events WHERE thread > 0 GROUP BY room_nid, thread;

INSERT INTO uncounted (room_nid, thread, pos)
SELECT room_nid, thread, pos FROM events WHERE redacted_by IS NOT NULL AND notifies = 1;
UPDATE events SET notifies = 0 WHERE redacted_by IS NOT NULL AND notifies = 1;

-- Events that the default push rules highlight. user_id '' means the whole room; there is one or the other for an event.
CREATE TABLE highlighted (
    room_nid INTEGER NOT NULL, -- room
    user_id  TEXT    NOT NULL, -- who is mentioned
    thread   INTEGER NOT NULL, -- as in events
    pos      INTEGER NOT NULL, -- the event
    extra    INTEGER NOT NULL, -- 1: it notifies those it mentions only, so that the totals do not have it
    PRIMARY KEY (room_nid, user_id, thread, pos)
) STRICT, WITHOUT ROWID;

INSERT INTO highlighted (room_nid, user_id, thread, pos, extra)
SELECT h.room_nid, h.user_id, e.thread, h.pos, e.notifies = 0 FROM highlights h JOIN events e ON e.pos = h.pos
WHERE json_extract(e.json, '$.content.msgtype') IS NOT 'm.notice'
  AND (h.user_id = '' OR NOT EXISTS (SELECT 1 FROM highlights r WHERE r.room_nid = h.room_nid AND r.user_id = '' AND r.pos = h.pos));
DROP TABLE highlights;
ALTER TABLE highlighted RENAME TO highlights;

DROP TABLE read_points;

-- A member's own newest event in each timeline of a room. Who changes their name has read nothing.
CREATE INDEX events_by_sender ON events (room_nid, sender, thread, pos, notifies) WHERE type <> 'm.room.member';
-- How many of a thread's events come before a position.
CREATE INDEX events_in_thread ON events (thread, pos, thread_total) WHERE thread > 0;
