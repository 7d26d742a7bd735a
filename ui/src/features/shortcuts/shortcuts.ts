// The keys that work everywhere in the window. A key that types a letter only counts outside of text fields.

export type Action =
  | 'search'
  | 'new'
  | 'previous'
  | 'next'
  | 'next-unread'
  | 'play'
  | 'slower'
  | 'faster'
  | 'five-back'
  | 'five-on'
  | 'settings'
  | 'column'
  | 'help'
  | 'back';

interface Stroke {
  key: string;
  ctrl?: boolean;
  alt?: boolean;
  shift?: boolean;
}

interface Shortcut {
  action: Action;
  stroke: Stroke;
}

/** `ctrl` is the command key on a Mac. */
export const SHORTCUTS: readonly Shortcut[] = [
  { action: 'search', stroke: { key: 'k', ctrl: true } },
  { action: 'new', stroke: { key: 'n', alt: true } },
  { action: 'previous', stroke: { key: 'arrowup', alt: true } },
  { action: 'next', stroke: { key: 'arrowdown', alt: true } },
  { action: 'next-unread', stroke: { key: 'arrowdown', alt: true, shift: true } },
  { action: 'settings', stroke: { key: ',', ctrl: true } },
  { action: 'column', stroke: { key: 'f6' } },
  { action: 'play', stroke: { key: 'p' } },
  { action: 'slower', stroke: { key: ',' } },
  { action: 'faster', stroke: { key: '.' } },
  { action: 'five-back', stroke: { key: 'arrowleft' } },
  { action: 'five-on', stroke: { key: 'arrowright' } },
  { action: 'help', stroke: { key: '?' } },
  { action: 'back', stroke: { key: 'escape' } },
];

/** For display only; the table above decides. */
export const SHOWN: readonly { words: string; keys: readonly string[] }[] = [
  { words: 'key-go-to', keys: ['Ctrl', 'K'] },
  { words: 'key-new', keys: ['Alt', 'N'] },
  { words: 'key-conversation', keys: ['Alt', '↑', '↓'] },
  { words: 'key-next-unread', keys: ['Alt', 'Shift', '↓'] },
  { words: 'key-column', keys: ['F6'] },
  { words: 'key-settings', keys: ['Ctrl', ','] },
  { words: 'key-help', keys: ['?'] },
  { words: 'key-back', keys: ['Esc'] },
];
export const SHOWN_THREAD: readonly { words: string; keys: readonly string[] }[] = [
  { words: 'key-send', keys: ['Enter'] },
  { words: 'key-line', keys: ['Shift', 'Enter'] },
  { words: 'key-walk', keys: ['↑', '↓'] },
  { words: 'key-play', keys: ['P'] },
  { words: 'key-scrub', keys: ['←', '→'] },
  { words: 'key-speed', keys: [',', '.'] },
];
export const SHOWN_TALK: readonly { words: string; keys: readonly string[] }[] = [
  { words: 'key-talk', keys: ['Space'] },
  { words: 'key-tap', keys: ['Space'] },
  { words: 'key-lock', keys: ['Shift'] },
  { words: 'key-send-voice', keys: ['Enter'] },
  { words: 'key-pause', keys: ['Space'] },
  { words: 'key-discard', keys: ['Esc'] },
  { words: 'key-undo', keys: ['Z'] },
];

type KeyPress = Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey' | 'shiftKey'>;

export function actionOf(press: KeyPress, inText: boolean): Action | null {
  const key = press.key.toLowerCase();
  const ctrl = press.ctrlKey || press.metaKey;
  const found = SHORTCUTS.find(
    ({ stroke }) =>
      stroke.key === key &&
      (stroke.ctrl ?? false) === ctrl &&
      (stroke.alt ?? false) === press.altKey &&
      // "?" needs Shift on most keyboards, and none of the plain keys minds it.
      (stroke.key === '?' || (stroke.shift ?? false) === press.shiftKey),
  );
  if (!found) return null;
  const types = !ctrl && !press.altKey && press.key.length === 1;
  const moves = press.key === 'ArrowLeft' || press.key === 'ArrowRight';
  return (types || moves) && inText ? null : found.action;
}

export function isText(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches('input, textarea, select, [contenteditable="true"]');
}
