// Recordings that wait for a decision: cut off by a crash, or put aside as their conversation's draft (VO2).

import type { Backend, ConversationId, Event, KeptRecording, Message } from '../../backend';

export class Kept {
  list = $state.raw<KeptRecording[]>([]);
  /** Whether the cut-off ones are asked about in a dialog; else a banner tells of them. */
  asking = $state(false);
  #asked = 0;

  constructor(
    private readonly backend: Backend,
    private readonly onSent: (message: Message) => void,
    private readonly onError: (thrown: unknown) => void,
  ) {}

  /** Oldest first; they are asked about one after the other. */
  readonly cutOff = $derived(this.list.filter((each) => each.why === 'cut_off'));

  draftOf(conversation: ConversationId): KeptRecording | undefined {
    return this.list.find((each) => each.why === 'draft' && each.conversation === conversation);
  }

  /** At the start of the window: what was cut off is asked about at once, later it would interrupt. */
  async start(): Promise<void> {
    await this.load();
    this.asking = this.cutOff.length > 0;
  }

  async load(): Promise<void> {
    const asked = ++this.#asked;
    try {
      const list = await this.backend.invoke('recordings', {});
      if (asked === this.#asked) this.list = list;
    } catch (thrown) {
      this.onError(thrown);
    }
  }

  apply(event: Event): void {
    if (event.type === 'recordings') void this.load();
  }

  keep(id: string): Promise<void> {
    return this.#decide(() => this.backend.invoke('keep_recording', { id }));
  }

  delete(id: string): Promise<void> {
    return this.#decide(() => this.backend.invoke('delete_recording', { id }));
  }

  send(id: string): Promise<void> {
    return this.#decide(async () => this.onSent(await this.backend.invoke('send_kept_recording', { id })));
  }

  clear(): void {
    this.list = [];
    this.asking = false;
  }

  /** A decision that could not be carried out leaves the recording where it was. */
  async #decide(act: () => Promise<unknown>): Promise<void> {
    try {
      await act();
    } catch (thrown) {
      this.onError(thrown);
    }
    await this.load();
    if (this.cutOff.length === 0) this.asking = false;
  }
}
