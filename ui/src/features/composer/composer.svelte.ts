// The composer of one conversation: its text as a draft the engine keeps, who is told that I type, and the sound file on
// its way to becoming a voice message.

import { asCommandError, type Backend, type ConversationId, type Message } from '../../backend';

export const LIMIT = 4_000;
const COUNTER_FROM = LIMIT * 0.9;
const DRAFT_AFTER_MS = 600;
const TYPING_EVERY_MS = 3_000;
const TYPING_ENDS_MS = 4_000;

export type Attachment =
  | { state: 'preparing'; name: string; file: File }
  | { state: 'refused'; name: string; file: File; reason: string };

/** Characters as a person counts them: an emoji is one. */
export function lengthOf(text: string): number {
  return [...text].length;
}

export class Composer {
  text = $state('');
  attachment = $state.raw<Attachment | null>(null);
  #saved: string;
  #draftTimer: ReturnType<typeof setTimeout> | undefined;
  #typingTimer: ReturnType<typeof setTimeout> | undefined;
  #toldTypingAt = Number.NEGATIVE_INFINITY;
  #closed = false;

  constructor(
    readonly id: ConversationId,
    draft: string,
    private readonly backend: Backend,
    private readonly onSent: (message: Message) => void,
    private readonly onError: (thrown: unknown) => void,
    private readonly time: () => number = () => Date.now(),
  ) {
    this.text = this.#saved = draft;
  }

  readonly count = $derived(lengthOf(this.text));
  readonly counter = $derived(this.count > LIMIT ? 'over' : this.count >= COUNTER_FROM ? 'near' : null);
  readonly canSend = $derived(this.text.trim() !== '' && this.count <= LIMIT);

  type(text: string): void {
    this.text = text;
    clearTimeout(this.#draftTimer);
    this.#draftTimer = setTimeout(() => this.#saveDraft(), DRAFT_AFTER_MS);
    if (text.trim() === '') this.#stopTyping();
    else this.#tellTyping();
  }

  /** The text is taken at once; if the engine cannot take it, it comes back. */
  async send(): Promise<void> {
    if (!this.canSend) return;
    const text = this.text.trim();
    this.text = '';
    clearTimeout(this.#draftTimer);
    this.#stopTyping();
    try {
      const message = await this.backend.invoke('send_text', { conversation: this.id, text });
      this.#saveDraft();
      this.onSent(message);
    } catch (thrown) {
      this.text = this.text === '' ? text : `${text}\n${this.text}`;
      this.onError(thrown);
    }
  }

  async attach(file: File): Promise<void> {
    this.attachment = { state: 'preparing', name: file.name, file };
    try {
      const upload = await this.backend.upload(file);
      const message = await this.backend.invoke('send_voice_file', { conversation: this.id, upload });
      if (this.attachment?.file === file) this.attachment = null;
      this.onSent(message);
    } catch (thrown) {
      if (this.#closed) this.onError(thrown);
      else if (this.attachment?.file === file) {
        this.attachment = { state: 'refused', name: file.name, file, reason: asCommandError(thrown).message };
      }
    }
  }

  forgetAttachment(): void {
    this.attachment = null;
  }

  /** Leaving the conversation: the draft is kept now, and nobody is told any longer that I type. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#draftTimer);
    this.#saveDraft();
    this.#stopTyping();
  }

  #saveDraft(): void {
    if (this.text === this.#saved) return;
    const text = this.text;
    this.#saved = text;
    this.backend.invoke('set_draft', { conversation: this.id, text }).catch((thrown: unknown) => {
      this.#saved = '';
      this.onError(thrown);
    });
  }

  #tellTyping(): void {
    clearTimeout(this.#typingTimer);
    this.#typingTimer = setTimeout(() => this.#stopTyping(), TYPING_ENDS_MS);
    const now = this.time();
    if (now - this.#toldTypingAt < TYPING_EVERY_MS) return;
    this.#toldTypingAt = now;
    this.#setTyping(true);
  }

  #stopTyping(): void {
    clearTimeout(this.#typingTimer);
    if (this.#toldTypingAt === Number.NEGATIVE_INFINITY) return;
    this.#toldTypingAt = Number.NEGATIVE_INFINITY;
    this.#setTyping(false);
  }

  /** A typing notice that is lost is not worth a word: it expires by itself. */
  #setTyping(typing: boolean): void {
    this.backend.invoke('set_typing', { conversation: this.id, typing }).catch(() => undefined);
  }
}
