// The one door to the engine. Two implementations fit behind it: the socket of browser mode and the bridge of the desktop
// shell. Nothing outside src/backend/ knows which one it talks to.

import type { Commands, ErrorCode, Event } from './generated/api';

export type CommandName = keyof Commands;
export type Args<K extends CommandName> = Commands[K]['args'];
export type Answer<K extends CommandName> = Commands[K]['answer'];

/** The way to the engine itself (not to the homeserver: that is `Connection`). */
export type Link = 'connecting' | 'open' | 'lost' | 'refused';

export interface Backend {
  /** Rejects with a `CommandError`, never with anything else. */
  invoke<K extends CommandName>(name: K, args: Args<K>): Promise<Answer<K>>;
  /** Every event from now on; the answer unsubscribes. */
  on(listener: (event: Event) => void): () => void;
  /** Where the link stands, now and at each change. */
  watch(listener: (link: Link) => void): () => void;
  /** Hands bytes over for `send_voice_file`; answers their id. */
  upload(bytes: Blob): Promise<string>;
  /** Address a picture can be loaded from, or null where `mxc` is not one. */
  mediaUrl(mxc: string): string | null;
  /** What only a desktop window can do; null in a browser. */
  readonly desktop: Desktop | null;
}

export interface Desktop {
  /** Whether Hark starts when the person signs in to this computer. */
  startAtLogin(): Promise<boolean>;
  setStartAtLogin(on: boolean): Promise<void>;
  /** The first screen stands, in a dark scheme or a light one: the window may be seen. */
  drawn(dark: boolean): Promise<void>;
}

/** A command that was not done: what kind of failure, and a sentence for a person. */
export class CommandError extends Error {
  constructor(
    readonly code: ErrorCode,
    message: string,
  ) {
    super(message);
    this.name = 'CommandError';
  }
}

/** Anything thrown, as the failure it is. */
export function asCommandError(thrown: unknown): CommandError {
  if (thrown instanceof CommandError) return thrown;
  return new CommandError('internal', thrown instanceof Error ? thrown.message : String(thrown));
}

const MXC = /^mxc:\/\/([A-Za-z0-9.:[\]-]+)\/([A-Za-z0-9_-]+)$/;

/** The two parts of `mxc://server/id`, or null where it is not one. */
export function mxcParts(mxc: string): { server: string; id: string } | null {
  const parts = MXC.exec(mxc);
  return parts?.[1] && parts[2] ? { server: parts[1], id: parts[2] } : null;
}

/** `mxc://server/id` as the path a browser mode server answers on. */
export function mediaPath(mxc: string): string | null {
  const parts = mxcParts(mxc);
  return parts && `/media/${encodeURIComponent(parts.server)}/${parts.id}`;
}
