//! Timelines: the live end, and pages of history. Both put events where the server has them, each once.

use crate::event::Event;
use crate::model::{Content, MessageState};
use crate::render::{self, Rendered};
use crate::store::{Edit, Gap, Known, NewMessage, Place, Result, Tx, gaps::GAP_SIZE};

use super::apply::Applied;
use super::body::{History, Timeline};
use super::state;

/// Which end of a room's history an event is put to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Live,
    Past,
}

/// What became of an event.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// It took the place.
    Placed,
    /// It is here already, there.
    Known(Place),
}

/// Appends the timeline of a response to the live end.
pub(super) fn append(
    room_id: &str,
    timeline: Timeline,
    tx: &mut Tx<'_>,
    applied: &mut Applied,
) -> Result<()> {
    let Some(room) = tx.room(room_id)? else { return Ok(()) };
    let (conversation, mut at) = (room.conversation, room.end);
    let known = last_known(&timeline, tx)?;
    let missing = is_gap(&timeline, known);
    // What stands before a known event and is not here lies in a hole; the history will bring it.
    let begin = if tx.has_gap(room_id)? { known.unwrap_or(0) } else { 0 };
    let low_sort = at.sort;
    let known_before = at.seq != 0;
    if missing {
        at.seq += GAP_SIZE;
    }
    let mut first = None;
    for event in &timeline.events[begin..] {
        let next = at.next(event.ts, tx.now);
        if put(room_id, &conversation, event, next, End::Live, tx, applied)? == Outcome::Placed {
            at = next;
            first.get_or_insert(next);
        }
    }
    if let (true, Some(token)) = (missing, timeline.prev_batch) {
        let upper = first.unwrap_or(at);
        tx.open_gap(&Gap { room_id: room_id.to_owned(), at: upper, low_sort, token })?;
        tx.park_unplaced(room_id, Place { sort: upper.sort, seq: upper.seq - GAP_SIZE / 2 })?;
        if known_before {
            applied.gaps.push(room_id.to_owned());
        }
    }
    tx.set_end(room_id, at)
}

/// The last event of a timeline that has its place here already.
fn last_known(timeline: &Timeline, tx: &Tx<'_>) -> Result<Option<usize>> {
    for (at, event) in timeline.events.iter().enumerate().rev() {
        if matches!(tx.known(&event.event_id, None)?, Some(Known::Placed(..) | Known::Hidden(_))) {
            return Ok(Some(at));
        }
    }
    Ok(None)
}

/// Whether events between what is here and this timeline are missing here. Where one of its events is here already, the
/// two overlap and none are; before the room's first event there are none.
fn is_gap(timeline: &Timeline, known: Option<usize>) -> bool {
    let begins = timeline.events.iter().any(|event| event.kind == "m.room.create");
    timeline.limited && timeline.prev_batch.is_some() && known.is_none() && !begins
}

/// Puts a page of history below a gap's upper edge. Answers whether the gap is closed. A page for a gap that has changed
/// meanwhile is dropped.
pub(crate) fn prepend(gap: &Gap, page: &History, tx: &mut Tx<'_>, applied: &mut Applied) -> Result<bool> {
    if !tx.gap_stands(gap)? {
        return Ok(false);
    }
    let Some(room) = tx.room(&gap.room_id)? else { return Ok(true) };
    for event in page.state.iter().filter(|event| event.kind == "m.room.member") {
        remember_member(&gap.room_id, event, tx)?;
    }
    let mut at = gap.at;
    let mut closed = page.end.is_none() || page.chunk.is_empty();
    for event in &page.chunk {
        let next = at.previous(event.ts, gap.low_sort);
        match put(&gap.room_id, &room.conversation, event, next, End::Past, tx, applied)? {
            Outcome::Placed => at = next,
            // Older than the hole: the two parts have met.
            Outcome::Known(place) if place.seq < gap.at.seq => {
                closed = true;
                break;
            }
            // Above the hole: the server's page overlaps.
            Outcome::Known(_) => {}
        }
    }
    tx.close_gap(gap)?;
    if let (false, Some(token)) = (closed, &page.end) {
        closed = *token == gap.token;
        if !closed {
            tx.open_gap(&Gap { at, token: token.clone(), ..gap.clone() })?;
        }
    }
    tx.touch(&room.conversation);
    Ok(closed)
}

fn remember_member(room_id: &str, event: &Event, tx: &mut Tx<'_>) -> Result<()> {
    let Some(user_id) = event.state_key.as_deref() else { return Ok(()) };
    if tx.member(room_id, user_id)?.is_none() {
        let membership = event.text("membership").unwrap_or("leave");
        tx.set_member(room_id, user_id, &state::read(event, membership))?;
    }
    Ok(())
}

fn put(
    room_id: &str,
    conversation: &str,
    event: &Event,
    at: Place,
    end: End,
    tx: &mut Tx<'_>,
    applied: &mut Applied,
) -> Result<Outcome> {
    if event.event_id.is_empty() {
        return Ok(Outcome::Known(at));
    }
    let mine = event.sender == tx.me;
    let txn_id = event.txn_id().filter(|_| mine);
    let outcome = match tx.known(&event.event_id, txn_id)? {
        Some(Known::Placed(_, place) | Known::Hidden(place)) => return Ok(Outcome::Known(place)),
        Some(Known::Unplaced(key)) => echo(key, event, at, tx, applied),
        None if event.state_key.is_some() => about_the_room(room_id, conversation, event, at, end, tx),
        None => said(room_id, conversation, event, at, end, tx),
    };
    outcome?;
    tx.settle_receipts(room_id, &event.event_id, at, mine)?;
    tx.settle_played(&event.event_id)?;
    if mine && event.state_key.is_none() {
        // Who answers has read.
        tx.advance_marker(room_id, at)?;
    }
    Ok(Outcome::Placed)
}

/// My own message comes back: it takes its place, under the key it always had.
fn echo(key: i64, event: &Event, at: Place, tx: &mut Tx<'_>, applied: &mut Applied) -> Result<()> {
    let content = match render::render(event) {
        Rendered::Show(content) => heard(content),
        Rendered::Edit { .. } | Rendered::Redact { .. } | Rendered::Hide => {
            Content::Unsupported { body: String::new() }
        }
    };
    tx.place_message(key, &event.event_id, event.ts, at, &content)?;
    if tx.dequeue(key)? {
        applied.settled.push(key);
    }
    follow_up(event, tx)
}

/// What came before the message it is about, or with it.
fn follow_up(event: &Event, tx: &mut Tx<'_>) -> Result<()> {
    if tx.was_redacted(&event.event_id)? {
        return tx.redact(&event.event_id);
    }
    if let Some(edit) = event.bundled_edit()
        && let (None, Rendered::Edit { target, content }) =
            (tx.known(&edit.event_id, None)?, render::render(&edit))
        && target == event.event_id
    {
        // Its own place is learnt when it is met itself.
        let at = Place { sort: edit.ts, seq: i64::MIN };
        let edit =
            Edit { event_id: &edit.event_id, target: &target, sender: &edit.sender, content: &content, at };
        return tx.add_edit(&edit);
    }
    tx.show_edits(&event.event_id)
}

/// My own voice needs no "not heard yet".
fn heard(content: Content) -> Content {
    match content {
        Content::Voice { source, duration_ms, waveform, .. } => {
            Content::Voice { source, duration_ms, waveform, played: true }
        }
        other => other,
    }
}

fn about_the_room(
    room_id: &str,
    conversation: &str,
    event: &Event,
    at: Place,
    end: End,
    tx: &mut Tx<'_>,
) -> Result<()> {
    let person = event.state_key.as_deref().unwrap_or_default();
    let before = match (event.previous_membership(), end) {
        (Some(before), _) => Some(before.to_owned()),
        (None, End::Live) => tx.member(room_id, person)?.map(|member| member.membership),
        (None, End::Past) => None,
    };
    match end {
        End::Live => state::apply(room_id, event, tx)?,
        End::Past => remember_past(room_id, event, tx)?,
    }
    let who = match event.text("displayname").filter(|name| !name.trim().is_empty()) {
        Some(name) => name.to_owned(),
        None => tx.member_name(room_id, person)?,
    };
    let by = tx.member_name(room_id, &event.sender)?;
    match render::system_line(event, before.as_deref(), who, by) {
        Some(change) => show(room_id, conversation, event, &Content::System { change }, at, end, tx),
        None => tx.hide(room_id, &event.event_id, at),
    }
}

fn remember_past(room_id: &str, event: &Event, tx: &mut Tx<'_>) -> Result<()> {
    match event.kind.as_str() {
        "m.room.member" => remember_member(room_id, event, tx),
        "m.room.create" => state::apply(room_id, event, tx),
        _ => Ok(()),
    }
}

fn said(
    room_id: &str,
    conversation: &str,
    event: &Event,
    at: Place,
    end: End,
    tx: &mut Tx<'_>,
) -> Result<()> {
    match render::render(event) {
        Rendered::Show(content) => {
            let content = if event.sender == tx.me { heard(content) } else { content };
            show(room_id, conversation, event, &content, at, end, tx)?;
            follow_up(event, tx)
        }
        Rendered::Edit { target, content } => {
            tx.hide(room_id, &event.event_id, at)?;
            tx.add_edit(&Edit {
                event_id: &event.event_id,
                target: &target,
                sender: &event.sender,
                content: &content,
                at,
            })
        }
        Rendered::Redact { target } => {
            tx.hide(room_id, &event.event_id, at)?;
            tx.redact(&target)
        }
        Rendered::Hide => tx.hide(room_id, &event.event_id, at),
    }
}

fn show(
    room_id: &str,
    conversation: &str,
    event: &Event,
    content: &Content,
    at: Place,
    end: End,
    tx: &mut Tx<'_>,
) -> Result<()> {
    let counts = !matches!(content, Content::System { .. });
    let highlight = counts && event.sender != tx.me && {
        let my_name = tx.member_name(room_id, &tx.me)?;
        render::names_me(event, &tx.me, &my_name)
    };
    let key = tx.insert_message(
        &NewMessage {
            room_id,
            event_id: Some(&event.event_id),
            txn_id: None,
            sender: &event.sender,
            timestamp: event.ts,
            place: Some(at),
            counts,
            highlight,
            content,
            state: &MessageState::Sent,
        },
        conversation,
    )?;
    tx.row_changed(key, end == End::Live);
    Ok(())
}
