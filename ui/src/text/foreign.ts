// Names and messages come from anyone. Before they are drawn, the characters that reorder the text around them are
// taken out; what is left is isolated by <bdi> or `unicode-bidi: plaintext`.

/** Embeddings, overrides and isolates (U+202A–202E, U+2066–2069). The harmless marks (LRM, RLM, ALM) stay. */
const REORDERING = /[\u202A-\u202E\u2066-\u2069]/g;
// eslint-disable-next-line no-control-regex -- controls are what is looked for
const CONTROLS = /[\u0000-\u0008\u000B-\u001F\u007F]/g;

/** Foreign text that may have several lines. */
export function plain(text: string): string {
  return text.replace(REORDERING, '').replace(CONTROLS, '');
}

/** Foreign text for one line: a name, a preview. */
export function oneLine(text: string): string {
  return plain(text).replace(/\s+/g, ' ').trim();
}
