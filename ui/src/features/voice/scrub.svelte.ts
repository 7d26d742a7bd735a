// Moving the head of a sound by mouse and keys, the same wherever a sound is drawn. While a pointer drags, the head is
// the pointer's; the engine is asked once, when it lets go.

import { duration as spoken, t } from '../../text';
import { STEP_MS } from './player.svelte';

/** What is drawn: a length, where the head stands (null: not loaded), and how many pixels the length takes. */
export interface Drawn {
  durationMs: number;
  positionMs: number | null;
  /** All of the element, where absent. */
  width?: number;
}

type OnElement = PointerEvent & { currentTarget: HTMLElement };

export class Scrub {
  dragged = $state<number | null>(null);

  constructor(
    private readonly drawn: () => Drawn,
    private readonly onseek: (ms: number) => void,
  ) {}

  /** Where to draw the head; null where there is none. */
  get head(): number | null {
    return this.dragged ?? this.drawn().positionMs;
  }

  /** The attributes of the slider. */
  get slider() {
    const { durationMs } = this.drawn();
    const head = this.head ?? 0;
    return {
      role: 'slider',
      tabindex: 0,
      'aria-label': t('position'),
      'aria-valuemin': 0,
      'aria-valuemax': Math.round(durationMs / 1000),
      'aria-valuenow': Math.round(head / 1000),
      'aria-valuetext': t('position-of', { at: spoken(head), length: spoken(durationMs) }),
      onkeydown: this.keydown,
      onpointerdown: this.press,
      onpointermove: this.move,
      onpointerup: this.release,
      onpointercancel: this.forget,
    } as const;
  }

  /** The time under the pointer. Recorded time runs from left to right in every language. */
  timeAt(event: OnElement): number {
    const { durationMs, width } = this.drawn();
    const box = event.currentTarget.getBoundingClientRect();
    return Math.min(Math.max((event.clientX - box.left) / (width ?? box.width), 0), 1) * durationMs;
  }

  press = (event: OnElement): void => {
    if (event.button !== 0) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    this.dragged = this.timeAt(event);
  };

  move = (event: OnElement): void => {
    if (this.dragged !== null) this.dragged = this.timeAt(event);
  };

  release = (): void => {
    if (this.dragged !== null) this.onseek(this.dragged);
    this.dragged = null;
  };

  forget = (): void => {
    this.dragged = null;
  };

  keydown = (event: KeyboardEvent): void => {
    const { durationMs, positionMs } = this.drawn();
    const at = positionMs ?? 0;
    const steps: Record<string, number> = {
      ArrowLeft: at - STEP_MS,
      ArrowRight: at + STEP_MS,
      ArrowDown: at - STEP_MS,
      ArrowUp: at + STEP_MS,
      Home: 0,
      End: durationMs,
    };
    const to = steps[event.key];
    if (to === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    this.onseek(Math.min(Math.max(to, 0), durationMs));
  };
}
