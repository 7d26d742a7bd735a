// Tells the engine whether a person looks at this window, and at which conversation, so that nobody is notified of what
// they see (NO1). Only changes are told.

import type { Attention as Told, Backend, ConversationId } from './backend';

export class Attention {
  #told: Told | null = null;

  constructor(
    private readonly backend: Backend,
    private readonly watched: () => boolean,
  ) {}

  tell(conversation: ConversationId | null): void {
    const now: Told = { focused: this.watched(), conversation };
    if (this.#told?.focused === now.focused && this.#told.conversation === now.conversation) return;
    this.#told = now;
    this.backend.invoke('set_attention', now).catch(() => {
      // Not told: tell again at the next occasion.
      if (this.#told === now) this.#told = null;
    });
  }

  /** The engine started anew and knows nothing. */
  forget(): void {
    this.#told = null;
  }
}
