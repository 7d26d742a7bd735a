// The engine puts the words that were found between U+0002 and U+0003. Nothing of it is ever read as markup.

import { plain } from '../../text';

export interface Piece {
  text: string;
  found: boolean;
}

export function pieces(snippet: string): Piece[] {
  const out: Piece[] = [];
  for (const [index, part] of snippet.split('\u0002').entries()) {
    const end = index === 0 ? -1 : part.indexOf('\u0003');
    if (end >= 0) out.push({ text: clean(part.slice(0, end)), found: true });
    out.push({ text: clean(part.slice(end + 1)), found: false });
  }
  return out.filter((piece) => piece.text !== '');
}

/** On one line, but with the spaces at its ends, which stand between it and its neighbours. */
function clean(text: string): string {
  return plain(text).replace(/\s+/g, ' ');
}

/** The same for a name: where one of the typed words begins a word of it. */
export function highlight(name: string, words: string): Piece[] {
  const wanted = words.trim().split(/\s+/).filter(Boolean).map(escape);
  if (wanted.length === 0) return [{ text: name, found: false }];
  return name
    .split(new RegExp(`(${wanted.join('|')})`, 'iu'))
    .map((text, index) => ({ text, found: index % 2 === 1 }))
    .filter((piece) => piece.text !== '');
}

function escape(word: string): string {
  return word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
