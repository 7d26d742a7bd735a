// A scripted stand-in behind the same interface, for `npm run dev` and for pictures of states that are hard to bring
// about. It answers from a scene; it is not part of the product and no test of behaviour between programs uses it.

import { CommandError, type Answer, type Args, type Backend, type CommandName, type Link } from '../backend';
import type { Conversation, Desktop, Event, Message, PlayerState, Status } from '../backend';
import { picture, type Scene } from './scenes';
import { ScriptedSound } from './sound';

export interface Scripted extends Backend {
  emit(event: Event): void;
  /** Starts what moves by itself. */
  start(): void;
  setLink(link: Link): void;
}

export function scriptedBackend(scene: Scene): Scripted {
  const listeners = new Set<(event: Event) => void>();
  const watchers = new Set<(link: Link) => void>();
  let link: Link = scene.link ?? 'open';
  let nextKey = 100_000;
  let player: PlayerState = scene.player ?? { player: 'idle' };
  const conversations = new Map(scene.conversations.map((row) => [row.id, row]));
  const messages = new Map(Object.entries(scene.messages));

  const emit = (event: Event) => listeners.forEach((listener) => listener(event));
  const play = (next: PlayerState) => emit({ type: 'player', player: (player = next) });
  const find = (key: number) => [...messages.values()].flat().find((message) => message.key === key);

  function put(message: Message, live: boolean) {
    const list = messages.get(message.conversation) ?? [];
    const known = list.some((each) => each.key === message.key);
    messages.set(
      message.conversation,
      known ? list.map((each) => (each.key === message.key ? message : each)) : [...list, message],
    );
    emit({ type: 'message', message, live });
    const row = conversations.get(message.conversation);
    if (row) change({ ...row, last: message, activity_ts: message.timestamp });
  }

  function change(row: Conversation) {
    conversations.set(row.id, row);
    emit({ type: 'conversation', conversation: row });
  }

  function mine(conversation: string, content: Message['content']): Message {
    return {
      order: `z${nextKey}`,
      key: nextKey++,
      conversation,
      room_id: '!room:dev',
      event_id: null,
      txn_id: `t${nextKey}`,
      sender: scene.account?.user_id ?? '@me:dev',
      sender_name: scene.account?.display_name ?? 'Me',
      mine: true,
      timestamp: Date.now(),
      content,
      state: { state: 'sending', step: 'sending' },
      edited: false,
    };
  }

  function travel(message: Message) {
    const steps = [{ state: 'sent' }, { state: 'delivered' }, { state: 'read' }] as const;
    steps.forEach((state, index) => setTimeout(() => put({ ...message, state }, false), 400 * (index + 1)));
  }

  const sound = new ScriptedSound(scene, emit, (conversation, content) => {
    const message = mine(conversation, content);
    queueMicrotask(() => put(message, true));
    travel(message);
    return message;
  });

  function host(state: 'running' | 'stopped') {
    if (scene.hosting) scene.hosting = { ...scene.hosting, state, problem: null };
    emit({ type: 'hosting', hosting: scene.hosting ?? null });
    return {};
  }

  type Handlers = { [K in CommandName]: (args: Args<K>) => Answer<K> | Promise<Answer<K>> };
  const handlers: Handlers = {
    ...sound.handlers,
    status: (): Status => ({
      version: '0.1.0',
      account: scene.account,
      connection: scene.connection ?? { link: scene.account ? 'online' : 'signed_out' },
      hosting: scene.hosting ?? null,
      player,
      sound_problem: scene.soundProblem ?? null,
      recorder: sound.recorder,
      microphone_problem: scene.microphoneProblem ?? null,
      settings: sound.settings,
      can_host: true,
    }),
    sign_in: () => fail(scene),
    host_here: () => fail(scene),
    try_it: () => fail(scene),
    start_hosting: () => host('running'),
    stop_hosting: () => host('stopped'),
    sign_out: () => ({}),
    conversations: () => (scene.slow ? new Promise(() => undefined) : [...conversations.values()]),
    open_conversation: ({ who }) => conversations.get(who) ?? fail(scene),
    accept: ({ conversation }) => {
      const row = conversations.get(conversation);
      if (!row) return fail(scene);
      const accepted: Conversation = { ...row, membership: 'joined' };
      change(accepted);
      return accepted;
    },
    leave: () => ({}),
    timeline: ({ conversation, before, limit }) => {
      if (scene.slow || scene.slowTimeline) return new Promise(() => undefined);
      const all = messages.get(conversation) ?? [];
      const end = before === null ? all.length : Number(before);
      const start = Math.max(0, end - limit);
      return {
        messages: all.slice(start, end),
        older: start > 0 ? String(start) : null,
        first_unread: before === null ? (scene.firstUnread ?? null) : null,
      };
    },
    send_text: ({ conversation, text }) => {
      const message = mine(conversation, { kind: 'text', body: text });
      queueMicrotask(() => put(message, true));
      travel(message);
      return message;
    },
    send_voice_file: () => {
      throw new CommandError(
        'bad_sound',
        'This is not a sound file Hark can read. Choose a WAV, MP3, M4A, FLAC or Ogg file.',
      );
    },
    retry: ({ key }) => {
      const message = find(key);
      if (!message) return fail(scene);
      const again: Message = { ...message, state: { state: 'sending', step: 'sending' } };
      travel(again);
      return again;
    },
    discard: () => ({}),
    mark_read: ({ conversation }) => {
      const row = conversations.get(conversation);
      if (row && row.unread > 0 && !scene.keepUnread) change({ ...row, unread: 0, highlights: 0 });
      return {};
    },
    set_typing: () => ({}),
    set_draft: () => ({}),
    search: ({ words }) => (words.length > 1 ? (scene.hits ?? []) : []),
    search_people: ({ term }) =>
      (scene.people ?? []).filter((person) => person.display_name.toLowerCase().includes(term.toLowerCase())),
    retry_connection: () => ({}),
    play: ({ key, from_ms }) => {
      const content = find(key)?.content;
      const length = content?.kind === 'voice' ? content.duration_ms : 10_000;
      play({ player: 'playing', key, position_ms: from_ms ?? 0, duration_ms: length, speed: 1 });
      return {};
    },
    pause: () => {
      if (player.player === 'playing') play({ ...player, player: 'paused' });
      return {};
    },
    resume: () => {
      if (player.player === 'paused') play({ ...player, player: 'playing' });
      return {};
    },
    stop: () => {
      play({ player: 'idle' });
      return {};
    },
    seek: ({ position_ms }) => {
      if (player.player === 'playing' || player.player === 'paused') play({ ...player, position_ms });
      return {};
    },
    set_speed: ({ speed }) => {
      if (player.player === 'playing' || player.player === 'paused') play({ ...player, speed });
      return {};
    },
  };

  return {
    async invoke<K extends CommandName>(name: K, args: Args<K>): Promise<Answer<K>> {
      await Promise.resolve();
      return handlers[name](args);
    },
    on(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    watch(listener) {
      watchers.add(listener);
      listener(link);
      return () => watchers.delete(listener);
    },
    upload: () => (scene.slowUpload ? new Promise(() => undefined) : Promise.resolve('upload-1')),
    mediaUrl: picture,
    desktop: scene.desktop ? desktop() : null,
    emit,
    start: () => sound.start(),
    setLink(next) {
      link = next;
      watchers.forEach((watcher) => watcher(next));
    },
  };
}

function desktop(): Desktop {
  let starts = false;
  return {
    startAtLogin: () => Promise.resolve(starts),
    setStartAtLogin: (on) => {
      starts = on;
      return Promise.resolve();
    },
    drawn: () => Promise.resolve(),
  };
}

function fail(scene: Scene): never {
  const problem = scene.problem ?? {
    code: 'not_found',
    message: 'Nobody by that address. Check it and try again.',
  };
  throw new CommandError(problem.code, problem.message);
}
