// The scripted engine's microphone and settings. While it records it makes up a voice, so that meter, halos and waveform
// have something to follow; nothing of this reaches the product.

import { CommandError, type Answer, type Args, type CommandName } from '../backend';
import type {
  Content,
  Devices,
  Event,
  KeptRecording,
  Message,
  MicrophoneTest,
  RecorderState,
  ReviewState,
  Settings,
  SoundDevice,
  Storage,
} from '../backend';
import { speech } from './speech';

export const SETTINGS: Settings = {
  input: null,
  input_name: null,
  output: null,
  output_name: null,
  volume: 0.8,
  even_loudness: true,
  play_on: true,
  fetch: 'voice',
  media_limit: 2 * 1024 ** 3,
  notify: true,
  preview: true,
  do_not_disturb: false,
  close_to_tray: true,
};

const device = (id: string, name: string, first = false): SoundDevice => ({
  id,
  name,
  default: first,
  monitor: false,
});

export const DEVICES: Devices = {
  inputs: [device('built-in', 'Built-in microphone', true), device('headset', 'Jabra Evolve 65')],
  outputs: [device('speakers', 'Built-in speakers', true), device('phones', 'Jabra Evolve 65')],
  microphone_problem: null,
  sound_problem: null,
};

const STORAGE: Storage = {
  voice: 860_000_000,
  other_media: 610_000_000,
  messages: 214_000_000,
  recordings: 3_400_000,
  free: 84_000_000_000,
};

/** What a scene may say about sound. */
export interface SoundScene {
  recorder?: RecorderState;
  recordings?: KeptRecording[];
  review?: ReviewState;
  devices?: Devices;
  settings?: Partial<Settings>;
  microphoneTest?: MicrophoneTest;
  microphoneProblem?: string;
  soundProblem?: string;
  storage?: Storage;
  /** A finger is on the voice button. */
  held?: boolean;
  /** Nothing moves by itself: for pictures. */
  still?: boolean;
}

type Names =
  | 'record'
  | 'pause_recording'
  | 'resume_recording'
  | 'send_recording'
  | 'cancel_recording'
  | 'recordings'
  | 'open_recording'
  | 'keep_recording'
  | 'send_kept_recording'
  | 'delete_recording'
  | 'review'
  | 'pause_review'
  | 'devices'
  | 'open_microphone'
  | 'test_microphone'
  | 'play_test'
  | 'close_microphone'
  | 'play_sample'
  | 'set_settings'
  | 'storage'
  | 'clear_media'
  | 'set_attention';

export type SoundHandlers = {
  [K in Names & CommandName]: (args: Args<K>) => Answer<K> | Promise<Answer<K>>;
};

const BAR_MS = 40;
const TOO_SHORT_MS = 500;
const SILENT_CANCEL_MS = 1_000;

export class ScriptedSound {
  recorder: RecorderState;
  settings: Settings;
  #kept: KeptRecording[];
  #review: ReviewState;
  #test: MicrophoneTest;
  #storage: Storage;
  #bars: number[] = [];
  #voice = speech(41, 4_000);
  #beat = 0;
  #next = 1;
  #cancelled = new Map<string, KeptRecording>();

  constructor(
    private readonly scene: SoundScene,
    private readonly emit: (event: Event) => void,
    private readonly sent: (conversation: string, content: Content) => Message,
  ) {
    this.recorder = scene.recorder ?? { recorder: 'idle' };
    if ('waveform' in this.recorder) this.#bars = [...this.recorder.waveform];
    this.settings = { ...SETTINGS, ...scene.settings };
    this.#kept = scene.recordings ?? [];
    this.#review = scene.review ?? { review: 'idle' };
    this.#test = scene.microphoneTest ?? { test: 'off' };
    this.#storage = scene.storage ?? STORAGE;
  }

  /** Starts what moves by itself; events before anybody listens would be lost. */
  start(): void {
    if (this.#review.review !== 'idle') this.emit({ type: 'review', review: this.#review });
    if (this.#test.test !== 'off') this.emit({ type: 'microphone_test', test: this.#test });
    if (this.scene.still) this.emit(this.#level(0.72, []));
    else setInterval(() => this.#tick(), BAR_MS);
  }

  #become(recorder: RecorderState): void {
    this.emit({ type: 'recorder', recorder: (this.recorder = recorder) });
  }

  #level(level: number, waveform: number[]): Event {
    const duration_ms = 'duration_ms' in this.recorder ? this.recorder.duration_ms : 0;
    return { type: 'level', level, waveform, duration_ms };
  }

  #tick(): void {
    const bar = this.#voice[this.#beat++ % this.#voice.length] ?? 0;
    const state = this.recorder;
    if (state.recorder === 'recording') {
      const heard = state.silent ? 0 : bar;
      this.#bars.push(heard);
      this.recorder = {
        ...state,
        duration_ms: state.duration_ms + BAR_MS,
        waveform: this.#bars.slice(-128),
      };
      this.emit(this.#level(heard / 1100, [heard]));
    } else if (this.#test.test !== 'off' && this.#test.test !== 'failed') {
      this.emit(this.#level(bar / 1100, []));
      if (this.#test.test === 'recording') {
        const duration_ms = this.#test.duration_ms + BAR_MS;
        this.#tell(
          duration_ms >= 5_000
            ? { test: 'recorded', waveform: speech(7), duration_ms: 5_000, position_ms: null }
            : { test: 'recording', duration_ms },
        );
      }
    }
    if (this.#test.test === 'recorded' && this.#test.position_ms !== null) {
      const position = this.#test.position_ms + BAR_MS;
      this.#tell({ ...this.#test, position_ms: position >= this.#test.duration_ms ? null : position });
    }
    if (this.#review.review === 'playing') {
      const position_ms = this.#review.position_ms + BAR_MS;
      this.#hear(
        position_ms >= this.#review.duration_ms
          ? { ...this.#review, review: 'paused', position_ms: 0 }
          : { ...this.#review, position_ms },
      );
    }
  }

  #tell(test: MicrophoneTest): void {
    this.emit({ type: 'microphone_test', test: (this.#test = test) });
  }

  #hear(review: ReviewState): void {
    this.emit({ type: 'review', review: (this.#review = review) });
  }

  #hold(problem: string | null = null): void {
    const state = this.recorder;
    if (state.recorder !== 'recording') return;
    const waveform = shrink(this.#bars);
    const { id, conversation, duration_ms } = state;
    this.#become({ recorder: 'paused', id, conversation, duration_ms, waveform, problem });
  }

  #taken(): Extract<RecorderState, { recorder: 'recording' | 'paused' }> {
    const state = this.recorder;
    if (state.recorder === 'recording' || state.recorder === 'paused') return state;
    throw new CommandError('not_found', 'Nothing is being recorded.');
  }

  #asKept(why: KeptRecording['why']): KeptRecording {
    const { id, conversation, duration_ms } = this.#taken();
    const ended_at = Date.now();
    const waveform = shrink(this.#bars);
    return { id, conversation, duration_ms, waveform, started_at: ended_at - duration_ms, ended_at, why };
  }

  #end(): void {
    this.#bars = [];
    this.#hear({ review: 'idle' });
    this.#become({ recorder: 'idle' });
  }

  #change(kept: KeptRecording[]): void {
    this.#kept = kept;
    this.emit({ type: 'recordings' });
  }

  #find(id: string): KeptRecording {
    const found = this.#kept.find((each) => each.id === id) ?? this.#cancelled.get(id);
    if (!found) throw new CommandError('not_found', 'This recording is not here any more.');
    return found;
  }

  readonly handlers: SoundHandlers = {
    record: ({ conversation }) => {
      if (this.scene.microphoneProblem) throw new CommandError('no_device', this.scene.microphoneProblem);
      if (this.recorder.recorder === 'paused') this.#change([...this.#kept, this.#asKept('draft')]);
      this.#bars = [];
      this.#become({ recorder: 'starting', conversation });
      this.#become({
        recorder: 'recording',
        id: `r${this.#next++}`,
        conversation,
        duration_ms: 0,
        device: 'Built-in microphone',
        waveform: [],
        silent: false,
      });
      return {};
    },
    pause_recording: () => {
      this.#hold();
      return {};
    },
    resume_recording: () => {
      const { id, conversation, duration_ms } = this.#taken();
      this.#hear({ review: 'idle' });
      this.#become({
        recorder: 'recording',
        id,
        conversation,
        duration_ms,
        device: 'Built-in microphone',
        waveform: this.#bars.slice(-128),
        silent: false,
      });
      return {};
    },
    send_recording: () => {
      const { conversation, duration_ms } = this.#taken();
      const waveform = shrink(this.#bars);
      this.#end();
      if (duration_ms < TOO_SHORT_MS) throw new CommandError('too_short', 'That was too short to send.');
      return this.sent(conversation, { kind: 'voice', source: '', duration_ms, waveform, played: true });
    },
    cancel_recording: () => {
      const gone = this.#asKept('draft');
      this.#end();
      if (gone.duration_ms < SILENT_CANCEL_MS) return null;
      this.#cancelled.set(gone.id, gone);
      return gone.id;
    },
    recordings: () => this.#kept,
    open_recording: ({ id }) => {
      const { conversation, duration_ms, waveform } = this.#find(id);
      if (this.recorder.recorder === 'recording')
        throw new CommandError('refused', 'A recording is running. End it first.');
      this.#cancelled.delete(id);
      this.#bars = [...waveform];
      this.#change(this.#kept.filter((each) => each.id !== id));
      this.#become({ recorder: 'paused', id, conversation, duration_ms, waveform, problem: null });
      return {};
    },
    keep_recording: ({ id }) => {
      this.#change(this.#kept.map((each) => (each.id === id ? { ...each, why: 'draft' } : each)));
      return {};
    },
    send_kept_recording: ({ id }) => {
      const { conversation, duration_ms, waveform } = this.#find(id);
      this.#change(this.#kept.filter((each) => each.id !== id));
      return this.sent(conversation, { kind: 'voice', source: '', duration_ms, waveform, played: true });
    },
    delete_recording: ({ id }) => {
      this.#change(this.#kept.filter((each) => each.id !== id));
      return {};
    },
    review: ({ id, from_ms }) => {
      const state = this.recorder;
      const duration_ms =
        state.recorder === 'paused' && state.id === id ? state.duration_ms : this.#find(id).duration_ms;
      const held = this.#review.review !== 'idle' && this.#review.id === id ? this.#review.position_ms : 0;
      this.#hear({ review: 'playing', id, position_ms: from_ms ?? held, duration_ms });
      return {};
    },
    pause_review: () => {
      if (this.#review.review === 'playing') this.#hear({ ...this.#review, review: 'paused' });
      return {};
    },
    devices: () => ({
      ...(this.scene.devices ?? DEVICES),
      microphone_problem: this.scene.microphoneProblem ?? null,
      sound_problem: this.scene.soundProblem ?? null,
    }),
    open_microphone: () => {
      this.#tell(this.scene.microphoneTest ?? { test: 'listening', device: 'Built-in microphone' });
      return this.#test;
    },
    test_microphone: () => {
      this.#tell({ test: 'recording', duration_ms: 0 });
      return {};
    },
    play_test: () => {
      if (this.#test.test === 'recorded') this.#tell({ ...this.#test, position_ms: 0 });
      return {};
    },
    close_microphone: () => {
      this.#tell({ test: 'off' });
      return {};
    },
    play_sample: () => ({}),
    set_settings: (settings) => {
      this.settings = settings;
      this.emit({ type: 'settings', settings });
      return settings;
    },
    storage: () => this.#storage,
    clear_media: () => (this.#storage = { ...this.#storage, voice: 0, other_media: 0 }),
    set_attention: () => ({}),
  };
}

/** 100 bars, each the loudest of its part. */
function shrink(bars: number[]): number[] {
  if (bars.length === 0) return [];
  return Array.from({ length: 100 }, (_, index) => {
    const from = Math.floor((index * bars.length) / 100);
    const to = Math.max(from + 1, Math.floor(((index + 1) * bars.length) / 100));
    return Math.max(...bars.slice(from, to));
  });
}
