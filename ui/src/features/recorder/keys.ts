// The keys of a recording. They work outside of text fields; Space and Enter also stay away from controls, which have
// their own use for them.

import type { ConversationId } from '../../backend';
import type { Recorder } from './recorder.svelte';

type Press = Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey' | 'shiftKey' | 'repeat'>;

/** Where the focus stands when a key is pressed. */
export type Place = 'text' | 'control' | 'page';

export function placeOf(target: EventTarget | null): Place {
  if (!(target instanceof HTMLElement)) return 'page';
  if (target.matches('input, textarea, select, [contenteditable="true"]')) return 'text';
  const control =
    'a, button, [role="slider"], [role="listbox"], [role="option"], [role="radio"], [role="switch"]';
  return target.closest(control) ? 'control' : 'page';
}

export class RecorderKeys {
  #spaceDown = false;

  constructor(private readonly recorder: Recorder) {}

  /** True where the key was for the recorder. `open` is the conversation in view where one can talk. */
  down(press: Press, place: Place, open: ConversationId | null): boolean {
    const { recorder } = this;
    const here = recorder.in(open);
    if (press.key === 'z' && place !== 'text' && !press.altKey && !press.shiftKey && recorder.undoable) {
      void recorder.undo();
      return true;
    }
    if (press.ctrlKey || press.metaKey || press.altKey) return false;
    if (press.key === ' ' && place === 'page' && open !== null) return this.#space(press, open, here);
    if (!here) return false;
    if (press.key === 'Shift' && recorder.held) recorder.lock();
    else if (press.key === 'Escape' && recorder.phase !== 'paused') void recorder.cancel();
    else if (press.key === 'Enter' && place === 'page' && !recorder.held) void recorder.send();
    else return false;
    return true;
  }

  /** True where the key was for the recorder. */
  up(press: Pick<Press, 'key'>): boolean {
    if (press.key !== ' ' || !this.#spaceDown) return false;
    this.#spaceDown = false;
    void this.recorder.release();
    return true;
  }

  /** The window lost the focus, and with it the sight of the key. */
  lost(): void {
    this.#spaceDown = false;
    this.recorder.lock();
  }

  #space(press: Press, open: ConversationId, here: boolean): boolean {
    const { recorder } = this;
    if (press.repeat) return this.#spaceDown || here;
    if (recorder.held) return true;
    if (!here) {
      if (recorder.phase === 'recording' || recorder.phase === 'starting') return false;
      this.#spaceDown = true;
      recorder.press(open);
    } else recorder.pauseOrHear();
    return true;
  }
}
