// The second line of a row. What matters most wins: failed › typing › recording or playing › draft ›
// waiting › last message.

import type { Content, Conversation, Message, SystemChange } from '../../backend';
import { duration, oneLine, t } from '../../text';

export type Icon = 'voice' | 'photo' | 'video' | 'file' | 'none';

export type Preview =
  | { kind: 'failed' }
  | { kind: 'typing'; text: string }
  | { kind: 'recording'; text: string }
  | { kind: 'playing'; text: string }
  | { kind: 'draft'; text: string; voice: boolean }
  | { kind: 'waiting'; count: number }
  | { kind: 'message'; who: string | null; icon: Icon; text: string; fresh: boolean; message: Message }
  | { kind: 'plain'; text: string };

/** What microphone, loudspeaker and disk have to do with a conversation now; lengths in ms. */
export type Activity =
  { what: 'recording'; length: number } | { what: 'playing'; at: number } | { what: 'draft'; length: number };

export function previewOf(row: Conversation, open: boolean, activity: Activity | null = null): Preview {
  const last = row.last;
  if (last?.state.state === 'failed') return { kind: 'failed' };
  if (row.typing.length > 0) return { kind: 'typing', text: typingWords(row) };
  if (activity?.what === 'recording' && !open)
    return { kind: 'recording', text: t('recording-row', { length: duration(activity.length) }) };
  if (activity?.what === 'playing' && !open)
    return { kind: 'playing', text: t('playing-row', { at: duration(activity.at) }) };
  if (activity?.what === 'draft')
    return { kind: 'draft', text: t('voice-of', { length: duration(activity.length) }), voice: true };
  if (row.draft && !open) return { kind: 'draft', text: oneLine(row.draft), voice: false };
  if (row.waiting > 0) return { kind: 'waiting', count: row.waiting };
  if (row.membership === 'invited') return { kind: 'plain', text: invitationWords(row) };
  if (!last) return { kind: 'plain', text: t('no-messages-yet') };
  return lastMessage(row, last);
}

function lastMessage(row: Conversation, last: Message): Preview {
  const { icon, text } = summary(last.content, last.mine);
  return {
    kind: 'message',
    who:
      row.kind === 'group' && !last.mine && last.content.kind !== 'system'
        ? firstName(last.sender_name)
        : null,
    icon,
    text,
    fresh: last.content.kind === 'voice' && !last.mine && !last.content.played,
    message: last,
  };
}

/** A message in one line. */
export function summary(content: Content, mine: boolean): { icon: Icon; text: string } {
  switch (content.kind) {
    case 'text':
      return { icon: 'none', text: oneLine(content.body) };
    case 'voice':
      return {
        icon: 'voice',
        text:
          content.duration_ms > 0
            ? t('voice-of', { length: duration(content.duration_ms) })
            : t('voice-message'),
      };
    case 'attachment': {
      const body = oneLine(content.body);
      if (content.attachment === 'image')
        return { icon: 'photo', text: body ? t('photo-of', { body }) : t('photo') };
      if (content.attachment === 'video')
        return { icon: 'video', text: body ? t('video-of', { body }) : t('video') };
      return { icon: 'file', text: body || t('file') };
    }
    case 'system':
      return { icon: 'none', text: systemWords(content.change, mine) };
    case 'redacted':
      return { icon: 'none', text: t('redacted') };
    case 'unsupported':
      return { icon: 'none', text: oneLine(content.body) || t('unsupported') };
  }
}

export function systemWords(change: SystemChange, mine: boolean): string {
  if (mine) return myOwnWords(change);
  switch (change.what) {
    case 'created':
      return t('system-created', { by: oneLine(change.by) });
    case 'joined':
      return t('system-joined', { who: oneLine(change.who) });
    case 'left':
      return t('system-left', { who: oneLine(change.who) });
    case 'invited':
      return t('system-invited', { who: oneLine(change.who), by: oneLine(change.by) });
    case 'removed':
      return t('system-removed', { who: oneLine(change.who), by: oneLine(change.by) });
    case 'renamed':
      return t('system-renamed', { name: oneLine(change.name), by: oneLine(change.by) });
  }
}

function myOwnWords(change: SystemChange): string {
  switch (change.what) {
    case 'created':
      return t('system-created-you');
    case 'joined':
      return t('system-joined-you');
    case 'left':
      return t('system-left-you');
    case 'invited':
      return t('system-invited-you', { who: oneLine(change.who) });
    case 'removed':
      return t('system-removed-you', { who: oneLine(change.who) });
    case 'renamed':
      return t('system-renamed-you', { name: oneLine(change.name) });
  }
}

function typingWords(row: Conversation): string {
  const [first, second] = row.typing;
  if (row.kind === 'person' || !first) return t('typing');
  if (!second) return t('typing-one', { name: firstName(first) });
  return t('typing-many', { count: row.typing.length });
}

export function invitationWords(row: Conversation): string {
  return row.kind === 'group' ? t('invites-group') : t('invites-person');
}

export function firstName(name: string): string {
  return oneLine(name).split(' ')[0] ?? name;
}

/** What a reader hears of a row: name, state, preview, time. */
export function spokenRow(row: Conversation, preview: Preview, time: string): string {
  const parts = [oneLine(row.name)];
  if (row.unread > 0) parts.push(t('unread-count', { count: row.unread }));
  if (preview.kind === 'failed') parts.push(t('not-sent'));
  else if (preview.kind === 'draft') parts.push(`${t('draft')} ${preview.text}`);
  else if (preview.kind === 'waiting') parts.push(t('waiting-count', { count: preview.count }));
  else if (preview.kind === 'message' && preview.who) parts.push(`${preview.who}: ${preview.text}`);
  else parts.push(preview.text);
  if (preview.kind === 'message' && preview.fresh) parts.push(t('not-played'));
  parts.push(time);
  return parts.join(', ');
}
