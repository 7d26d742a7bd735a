// What the scripted backend tells: one function per scene, so that each starts afresh.

import type {
  Account,
  ApiError,
  Connection,
  Content,
  Conversation,
  Hit,
  Hosting,
  Link,
  Message,
  Person,
  PlayerState,
} from '../backend';
import { hillsPicture } from './hills';
import type { SoundScene } from './sound';
import { AMINA, MISAKI, at, inbox, message, noor, row, talk, text, voice } from './people';
import { talkScenes } from './talks';

export interface Scene extends SoundScene {
  account: Account | null;
  conversations: Conversation[];
  messages: Record<string, Message[]>;
  open?: string;
  connection?: Connection;
  hosting?: Hosting;
  link?: Link;
  player?: PlayerState;
  playing?: Message;
  firstUnread?: number;
  keepUnread?: boolean;
  hits?: Hit[];
  people?: Person[];
  problem?: ApiError;
  slow?: boolean;
  slowTimeline?: boolean;
  slowUpload?: boolean;
  /** The window stands in its desktop shell. */
  desktop?: boolean;
}

function talking(): Scene {
  const { messages, playing, firstUnread } = talk();
  return {
    account: noor,
    conversations: inbox({ typing: ['Amina Okafor'] }),
    messages: { [AMINA]: messages },
    open: AMINA,
    keepUnread: true,
    firstUnread,
    playing,
    player: { player: 'paused', key: playing.key, position_ms: 17_400, duration_ms: 47_000, speed: 1.5 },
  };
}

function search(): Scene {
  const scene = talking();
  const found = (who: string, name: string, snippet: string, when: number, mine = false): Hit => ({
    message: message({
      content: text(snippet),
      timestamp: when,
      mine,
      conversation: AMINA,
      sender: mine ? noor.user_id : who,
      sender_name: mine ? noor.display_name : name,
    }),
    conversation_name: name,
    snippet,
  });
  const photo = scene.messages[AMINA]?.[3];
  return {
    ...scene,
    conversations: [
      ...inbox(),
      row({ id: '!ridge:noors-laptop.local', name: 'Ridge walkers', group: true, when: at('10:00', 9) }),
    ],
    hits: [
      ...(photo
        ? [
            {
              message: photo,
              conversation_name: 'Amina Okafor',
              snippet: 'Left at six. The view from the \u0002ridge\u0003',
            },
          ]
        : []),
      found(
        AMINA,
        'Amina Okafor',
        'once you are on the \u0002ridge\u0003 there is no shade, so bring water',
        at('18:20', 1),
        true,
      ),
      found(
        '@soren:s.example',
        'Søren Ångström-Lindqvist',
        'The \u0002ridge\u0003 beam arrives Thursday, can somebody sign for it?',
        at('10:00', 9),
      ),
      found(
        '@darja:noors-laptop.local',
        'Дарья Ковальчук',
        '\u0002Ridge\u0003_survey_final(2).pdf',
        at('10:00', 18),
      ),
      found(
        AMINA,
        'Amina Okafor',
        'Not the valley, the \u0002ridge\u0003. You can see the sea from there on a clear day.',
        at('10:00', 24),
      ),
    ],
    playing: message({
      content: voice(42, 5),
      timestamp: at('09:31'),
      conversation: '@misaki:x',
      sender_name: '田中 美咲',
    }),
    player: { player: 'paused', key: 1, position_ms: 16_000, duration_ms: 42_000, speed: 1.5 },
  };
}

function offline(): Scene {
  const waiting = (content: Content, clock: string) =>
    message({ content, timestamp: at(clock), mine: true, state: { state: 'sending', step: 'waiting' } });
  const messages = [
    message({ content: text('Tell me how you got past the weir!'), timestamp: at('09:48') }),
    waiting(voice(38, 12), '10:02'),
    waiting(text('Two people on the rope, the rest carried the packs round by the road.'), '10:03'),
    waiting(text('Photos tonight 👋'), '10:03'),
  ];
  return {
    account: noor,
    conversations: inbox({ waiting: 3, last: messages[3], activity_ts: at('10:03') }),
    messages: { [AMINA]: messages },
    open: AMINA,
    connection: { link: 'offline', retry_at: Date.now() + 10_000, reason: 'The server does not answer.' },
  };
}

function family(): Scene {
  const id = '!haddad:noors-laptop.local';
  const says = (sender: string, name: string, body: string, when: number): Message =>
    message({ conversation: id, content: text(body), timestamp: when, sender, sender_name: name });
  const messages = [
    message({
      conversation: id,
      content: { kind: 'system', change: { what: 'created', by: 'Layla Haddad' } },
      timestamp: at('09:00', 2),
    }),
    message({
      conversation: id,
      content: { kind: 'system', change: { what: 'joined', who: 'Yusuf' } },
      timestamp: at('09:01', 2),
    }),
    says(
      '@layla:h',
      'Layla Haddad',
      'Friday at ours? https://example.org/menu (the long one).',
      at('18:01', 1),
    ),
    says('@layla:h', 'Layla Haddad', 'Bring a chair each', at('18:02', 1)),
    says('@yusuf:h', 'يوسف حداد', 'سأحضر العود معي، والكراسي أيضًا', at('18:10', 1)),
    message({ conversation: id, content: text('👍🎉'), timestamp: at('18:12', 1), mine: true }),
    message({
      conversation: id,
      content: { kind: 'redacted' },
      timestamp: at('09:30'),
      sender: '@yusuf:h',
      sender_name: 'يوسف حداد',
    }),
    message({
      conversation: id,
      content: { kind: 'unsupported', body: 'Poll: which evening?' },
      timestamp: at('09:40'),
      sender: '@layla:h',
      sender_name: 'Layla Haddad',
    }),
    message({
      conversation: id,
      content: voice(31, 21, false),
      timestamp: at('09:44'),
      sender: '@layla:h',
      sender_name: 'Layla Haddad',
    }),
    says(
      '@longname:h',
      'Maximiliane-Josephine von und zu Hohenstein-Oberlahnstein-Neckartal',
      'who is bringing the oud on Friday?',
      at('09:52'),
    ),
  ];
  return {
    account: noor,
    conversations: inbox().map((each) => (each.id === id ? { ...each, typing: ['Layla Haddad'] } : each)),
    messages: { [id]: messages },
    open: id,
    keepUnread: true,
  };
}

function invitation(): Scene {
  const tomasz = '@tomasz:kolonia.example';
  return {
    account: noor,
    conversations: [
      row({ id: tomasz, name: 'Tomasz Michalak', when: at('10:12'), more: { membership: 'invited' } }),
      ...inbox(),
    ],
    messages: {},
    open: tomasz,
  };
}

function rtl(): Scene {
  const scene = talking();
  const arabic = (body: string, clock: string, mine = false, edited = false) =>
    message({ content: text(body), timestamp: at(clock), mine, edited, sender_name: 'أمينة أوكافور' });
  const playing = message({ content: voice(47, 3), timestamp: at('09:41') });
  return {
    ...scene,
    conversations: inbox().map((each) =>
      each.id === AMINA ? { ...each, name: 'أمينة أوكافور', typing: ['أمينة'] } : each,
    ),
    messages: {
      [AMINA]: [
        message({ content: voice(9, 7), timestamp: at('09:20'), mine: true, state: { state: 'played' } }),
        arabic('نلتقي عند الطاحونة الثامنة والنصف.', '09:24', true, true),
        playing,
        message({ content: voice(16, 8, false), timestamp: at('09:46') }),
        arabic('The trail name is “Sentier du Moulin”, see you there.', '09:47'),
      ],
    },
    firstUnread: undefined,
    playing,
    player: { player: 'paused', key: playing.key, position_ms: 17_400, duration_ms: 47_000, speed: 1.5 },
  };
}

function longNames(): Scene {
  const long = 'Dr. Wilhelmina Alexandra Featherstonehaugh-Cholmondeley of Ashby-de-la-Zouch';
  const id = '@wilhelmina-alexandra-featherstonehaugh:a-very-long-server-name.example.org';
  const hidden = '\u202Emoc.live\u202C Bank support';
  return {
    account: { ...noor, display_name: long },
    conversations: [
      row({ id, name: long, when: at('09:58'), last: text('x'.repeat(300)), more: { unread: 1234 } }),
      row({ id: '@rlo:x', name: hidden, when: at('09:57'), last: text('\u202Ethis is reversed\u202C') }),
      row({
        id: '@cjk:x',
        name: '長長長長長長長長長長長長長長長長長長長長長長長長長長長長',
        when: at('09:56'),
        last: text('長い'.repeat(60)),
      }),
      ...inbox(),
    ],
    messages: {
      [id]: [
        message({
          content: text('W'.repeat(400)),
          timestamp: at('09:50'),
          sender: id,
          sender_name: long,
          conversation: id,
        }),
        message({
          content: text('https://example.org/' + 'a/very/long/path/'.repeat(12)),
          timestamp: at('09:51'),
          sender: id,
          conversation: id,
        }),
        message({
          content: text('A first line\nand a second one\n\nand one after a gap'),
          timestamp: at('09:58'),
          mine: true,
          conversation: id,
        }),
      ],
    },
    open: id,
    keepUnread: true,
  };
}

function crowd(): Scene {
  const conversations = Array.from({ length: 1_000 }, (_, index) =>
    row({
      id: `@person${index}:dev`,
      name: `Person ${index}`,
      when: Date.now() - index * 600_000,
      last: text(`Line ${index}`),
      more: { unread: index % 7 === 3 ? index % 40 : 0 },
    }),
  );
  const id = '@person0:dev';
  const messages = Array.from({ length: 10_000 }, (_, index) =>
    message({
      conversation: id,
      key: 1_000_000 + index,
      content:
        index % 9 === 4
          ? voice(5 + (index % 40), index)
          : text(`Message ${index} ` + 'word '.repeat(index % 30)),
      timestamp: Date.now() - (10_000 - index) * 120_000,
      mine: index % 3 === 0,
      sender: index % 3 === 0 ? noor.user_id : id,
    }),
  );
  return { account: noor, conversations, messages: { [id]: messages }, open: id };
}

/** As the recording pictures have it: nothing plays, everything was heard. */
function atRest(): Scene & { open: string } {
  const { messages } = talk();
  return {
    account: noor,
    conversations: inbox({ typing: ['Amina Okafor'] }),
    messages: {
      [AMINA]: [
        ...messages.slice(3, 4),
        ...messages.slice(5, 8),
        message({ content: voice(16, 8), timestamp: at('09:46') }),
        message({ content: text('Tell me how you got past the weir!'), timestamp: at('09:48') }),
      ],
      [MISAKI]: [
        message({
          conversation: MISAKI,
          content: text('資料、さっき送りました。ご確認ください。'),
          timestamp: at('09:28'),
        }),
        message({ conversation: MISAKI, content: voice(42, 5), timestamp: at('09:31') }),
        message({
          conversation: MISAKI,
          content: text('ありがとうございます！今聞いています'),
          timestamp: at('09:55'),
          mine: true,
        }),
      ],
    },
    open: AMINA,
  };
}

const nobody = { account: null, conversations: [], messages: {} };

export const scenes: Record<string, () => Scene> = {
  ...talkScenes(atRest, MISAKI),
  talking,
  search,
  offline,
  family,
  invitation,
  rtl,
  long: longNames,
  crowd,
  welcome: () => ({
    ...nobody,
    problem: {
      code: 'wrong_password',
      message: 'The user name or the password is wrong. Check both and try again.',
    },
  }),
  unreachable: () => ({
    ...nobody,
    problem: {
      code: 'no_server',
      message: 'No Matrix server answers there. Check the name and your connection.',
    },
  }),
  empty: () => ({ account: noor, conversations: [], messages: {} }),
  pick: () => ({ account: noor, conversations: inbox(), messages: {} }),
  loading: () => ({ account: noor, conversations: [], messages: {}, slow: true }),
  'loading-thread': () => ({
    account: noor,
    conversations: inbox(),
    messages: {},
    slowTimeline: true,
    open: AMINA,
  }),
  uploading: () => ({ ...talking(), slowUpload: true }),
  refused: talking,
  'logged-out': () => ({
    ...talking(),
    connection: {
      link: 'logged_out',
      reason: 'The server no longer accepts this login. Signing in again keeps everything.',
    },
  }),
  mini: () => {
    const scene = talking();
    return { ...scene, open: '@darja:noors-laptop.local', playing: scene.playing };
  },
  people: () => ({
    ...talking(),
    people: [
      { user_id: '@layla:noors-laptop.local', display_name: 'Layla Haddad', avatar: null },
      { user_id: '@lars:noors-laptop.local', display_name: 'Lars Lindqvist', avatar: null },
      { user_id: '@lan:noors-laptop.local', display_name: '藍', avatar: null },
    ],
  }),
};

export function picture(mxc: string): string | null {
  return mxc.endsWith('/hills') ? hillsPicture : null;
}
