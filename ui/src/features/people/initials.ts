// One or two letters that stand for a name, in its own script.

const CJK = /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/u;
const LETTER = /[\p{L}\p{N}]/u;

export function initials(name: string): string {
  const words = name
    .replace(/^@/, '')
    .split(/[\s·_.:|/-]+/u)
    .filter((word) => LETTER.test(word));
  const first = words[0];
  const last = words[words.length - 1];
  if (!first || !last) return '';
  // East Asian names: the given name's first character tells people apart, the family name does not.
  if (CJK.test(first)) {
    if (words.length > 1) return letters(last, 1);
    return /^\p{Script=Hangul}{3}$/u.test(first) ? [...first].slice(1, 2).join('') : letters(first, 1);
  }
  if (words.length === 1) return letters(first, 1).toLocaleUpperCase();
  return (letters(first, 1) + letters(words[1] ?? last, 1)).toLocaleUpperCase();
}

function letters(word: string, count: number): string {
  return [...word]
    .filter((letter) => LETTER.test(letter))
    .slice(0, count)
    .join('');
}

/** One of the eight people colours, the same for a person everywhere. */
export function colourOf(id: string): number {
  let hash = 2166136261;
  for (const unit of new TextEncoder().encode(id)) hash = Math.imul(hash ^ unit, 16777619);
  return (hash >>> 0) % 8;
}
