// The desktop window: the shell's bridge. The only file that imports Tauri.
//
// Commands go out in the order they were given, several at once where they come faster than they can be handed over.
// Frames are asked for, one batch after the other, so that a window that is busy is not buried.

import { convertFileSrc, invoke } from '@tauri-apps/api/core';
import { CommandError, asCommandError, mxcParts, type Backend, type Desktop, type Link } from './backend';
import type { ApiError, Event } from './generated/api';
import { Protocol } from './socket';

const LOST = 'Hark itself is not answering. Quit it and start it again.';

export function tauriBackend(): Backend {
  const events = new Set<(event: Event) => void>();
  const watchers = new Set<(link: Link) => void>();
  let link: Link = 'connecting';
  let waiting: string[] = [];
  let handing = false;

  const protocol = new Protocol(emit, () => LOST);

  function emit(event: Event): void {
    for (const listener of events) listener(event);
  }

  function become(next: Link): void {
    link = next;
    for (const watcher of watchers) watcher(next);
  }

  async function handOver(): Promise<void> {
    if (handing) return;
    handing = true;
    while (waiting.length > 0) {
      const texts = waiting;
      waiting = [];
      await ask('take_commands', { texts });
    }
    handing = false;
  }

  async function listen(): Promise<void> {
    await ask('open_link');
    become('open');
    protocol.opened({
      send(frame) {
        waiting.push(frame);
        handOver().catch(lost);
      },
    });
    for (;;) {
      const frames = await ask<string[]>('next_frames');
      if (frames.length === 0) return;
      for (const frame of frames) protocol.received(frame);
    }
  }

  /** Only the end of the program ends the link. */
  function lost(): void {
    protocol.closed();
    become('lost');
  }
  listen().then(lost, lost);

  return {
    invoke: (name, args) => protocol.invoke(name, args),
    on(listener) {
      events.add(listener);
      return () => events.delete(listener);
    },
    watch(listener) {
      watchers.add(listener);
      listener(link);
      return () => watchers.delete(listener);
    },
    upload: async (bytes) => ask<string>('upload', new Uint8Array(await bytes.arrayBuffer())),
    mediaUrl(mxc) {
      const parts = mxcParts(mxc);
      return parts && convertFileSrc(`${parts.server}/${parts.id}`, 'hark-media');
    },
    desktop,
  };
}

const desktop: Desktop = {
  startAtLogin: () => ask('starts_at_login'),
  setStartAtLogin: (on) => ask('start_at_login', { on }),
  async drawn(dark) {
    await ask('drawn', { dark });
    // Two frames later it is on the screen.
    requestAnimationFrame(() => requestAnimationFrame(() => void ask('seen').catch(() => undefined)));
  },
};

/** One request of the shell; what it refuses is a `CommandError`. */
async function ask<T = undefined>(name: string, args?: Record<string, unknown> | Uint8Array): Promise<T> {
  try {
    return await invoke<T>(name, args);
  } catch (thrown) {
    throw isApiError(thrown) ? new CommandError(thrown.code, thrown.message) : asCommandError(thrown);
  }
}

function isApiError(thrown: unknown): thrown is ApiError {
  return typeof thrown === 'object' && thrown !== null && 'code' in thrown && 'message' in thrown;
}
