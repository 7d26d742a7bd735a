// The people of the scenes, their inbox and one long talk.

import type { Account, Content, Conversation, Message, MessageState } from '../backend';
import { speech } from './speech';

const DAY = 86_400_000;
const midnight = new Date(new Date().setHours(0, 0, 0, 0)).getTime();
export const at = (clock: string, daysAgo = 0) => {
  const [hours = 0, minutes = 0] = clock.split(':').map(Number);
  return midnight - daysAgo * DAY + hours * 3_600_000 + minutes * 60_000;
};

export const noor: Account = {
  user_id: '@noor:noors-laptop.local',
  display_name: 'Noor Haddad',
  homeserver: 'http://noors-laptop.local:8008',
  device_id: 'QWERTZUIOP',
};
export const AMINA = '@amina:noors-laptop.local';
export const MISAKI = '@misaki:noors-laptop.local';

let keys = 1;

export function message(part: Partial<Message> & { content: Content; timestamp: number }): Message {
  const mine = part.mine ?? false;
  const key = part.key ?? keys++;
  return {
    key,
    order: String(key).padStart(12, '0'),
    conversation: AMINA,
    room_id: '!r:noors-laptop.local',
    event_id: `$${keys}`,
    txn_id: null,
    sender: mine ? noor.user_id : AMINA,
    sender_name: mine ? noor.display_name : 'Amina Okafor',
    mine,
    state: { state: mine ? 'read' : 'sent' },
    edited: false,
    ...part,
  };
}

export const text = (body: string): Content => ({ kind: 'text', body });

export const voice = (seconds: number, seed: number, played = true): Content => ({
  kind: 'voice',
  source: `mxc://noors-laptop.local/voice${seed}`,
  duration_ms: seconds * 1000,
  waveform: speech(seed),
  played,
});

export interface RowSpec {
  id: string;
  name: string;
  when: number;
  group?: boolean;
  last?: Content;
  mine?: boolean;
  state?: MessageState;
  sender?: string;
  more?: Partial<Conversation>;
}

export function row(spec: RowSpec): Conversation {
  return {
    id: spec.id,
    room_id: `!${spec.id.slice(1)}`,
    kind: spec.group ? 'group' : 'person',
    name: spec.name,
    avatar: null,
    membership: 'joined',
    last: spec.last
      ? message({
          conversation: spec.id,
          content: spec.last,
          timestamp: spec.when,
          mine: spec.mine ?? false,
          sender_name: spec.sender ?? spec.name,
          state: spec.state ?? { state: spec.mine ? 'delivered' : 'sent' },
        })
      : null,
    draft: null,
    unread: 0,
    highlights: 0,
    typing: [],
    waiting: 0,
    activity_ts: spec.when,
    encrypted: false,
    muted: false,
    ...spec.more,
  };
}

export function inbox(amina: Partial<Conversation> = {}): Conversation[] {
  const server = 'noors-laptop.local';
  return [
    row({
      id: `!haddad:${server}`,
      name: 'Haddad family',
      group: true,
      when: at('09:52'),
      last: text('who is bringing the oud on Friday?'),
      sender: 'Layla Haddad',
      more: { unread: 4, avatar: 'mxc://dev/hills' },
    }),
    row({
      id: AMINA,
      name: 'Amina Okafor',
      when: at('09:47'),
      last: text('Then we start at the mill'),
      more: amina,
    }),
    row({
      id: `@misaki:${server}`,
      name: '田中 美咲',
      when: at('09:31'),
      last: voice(42, 5, false),
      more: { unread: 1 },
    }),
    row({
      id: `@darja:${server}`,
      name: 'Дарья Ковальчук',
      when: at('09:08'),
      last: text('Дякую! Подзвоню після обіду, коли буду вдома.'),
      mine: true,
    }),
    row({
      id: `!allotment:${server}`,
      name: 'Allotment board · Gärten am Kanal e.V.',
      group: true,
      when: at('08:55'),
      last: text('the water is back on from Tuesday'),
      sender: 'Søren Ångström',
      more: { unread: 128 },
    }),
    row({
      id: `@mohammad:${server}`,
      name: 'محمد الفارسی',
      when: at('21:10', 1),
      last: text('فردا ساعت ده میبینمت، آدرس رو فرستادم'),
    }),
    row({
      id: `@maximiliane:${server}`,
      name: 'Maximiliane von Hohenstein-Oberlahnstein',
      when: at('20:02', 1),
      last: voice(76, 9),
      mine: true,
      state: { state: 'sent' },
    }),
    row({
      id: `@ananya:${server}`,
      name: 'अनन्या शर्मा',
      when: at('17:40', 1),
      last: {
        kind: 'attachment',
        attachment: 'image',
        body: 'ये देखो!',
        source: 'mxc://dev/hills',
        size: 1,
        mime: 'image/jpeg',
        width: 1600,
        height: 1000,
      },
    }),
    row({
      id: `@panos:${server}`,
      name: 'Παναγιώτης Κωνσταντινόπουλος',
      when: at('12:00', 3),
      last: text('Τα λέμε την Κυριακή'),
      mine: true,
      state: {
        state: 'failed',
        reason: 'Not sent. The server refused it: too many requests.',
        refused: true,
      },
    }),
    row({
      id: `@seoyeon:${server}`,
      name: '김서연',
      when: at('11:00', 3),
      last: text('네'),
      more: { draft: '회의 자료 내일 아침까지' },
    }),
    row({
      id: `@echo:${server}`,
      name: 'Echo',
      when: at('10:00', 4),
      last: text('I say back whatever you say. Try me.'),
    }),
    row({
      id: `@zoe:${server}`,
      name: 'Zoë Brontë-Nwosu',
      when: at('09:00', 5),
      last: text('See you at the concert'),
    }),
  ];
}

export function talk(): { messages: Message[]; playing: Message; firstUnread: number; failed: Message } {
  const playing = message({ content: voice(47, 3, true), timestamp: at('09:41') });
  const failed = message({
    content: text('Bring the blue jacket, it turns cold up there.'),
    timestamp: at('09:47'),
    mine: true,
    state: { state: 'failed', reason: 'Not sent. The server refused it: too many requests.', refused: true },
  });
  const messages = [
    message({ content: voice(24, 1), timestamp: at('18:04', 1) }),
    message({
      content: text('That was the bell tower, you can hear the swifts at the end.'),
      timestamp: at('18:05', 1),
    }),
    message({
      content: text('Beautiful. Could you send the route? I will bring the recorder on Saturday.'),
      timestamp: at('18:09', 1),
      mine: true,
    }),
    message({
      content: {
        kind: 'attachment',
        attachment: 'image',
        body: 'Left at six. The view from the ridge',
        source: 'mxc://dev/hills',
        size: 240_000,
        mime: 'image/jpeg',
        width: 1600,
        height: 1000,
      },
      timestamp: at('09:12'),
    }),
    message({
      content: {
        kind: 'attachment',
        attachment: 'file',
        body: 'Ridge walk, Saturday.gpx',
        source: 'mxc://dev/route',
        size: 84_000,
        mime: 'application/gpx+xml',
        width: null,
        height: null,
      },
      timestamp: at('09:13'),
    }),
    message({ content: voice(9, 7), timestamp: at('09:20'), mine: true, state: { state: 'played' } }),
    message({
      content: text('Then we start at the mill, half past eight.'),
      timestamp: at('09:24'),
      mine: true,
      edited: true,
    }),
    playing,
    message({ content: voice(16, 8, false), timestamp: at('09:46') }),
    failed,
  ];
  return { messages, playing, firstUnread: playing.key, failed };
}
