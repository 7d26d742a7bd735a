// Web and mail addresses in plain text. Only http, https and mailto become links; the address shown is the address
// gone to, in ASCII for the host, so that a look-alike letter shows.

export type Segment = { kind: 'text'; text: string } | { kind: 'link'; text: string; href: string };

const CANDIDATE = /\b(?:https?:\/\/|mailto:)[^\s<>"']+/giu;

export function segments(text: string): Segment[] {
  const out: Segment[] = [];
  let end = 0;
  for (const match of text.matchAll(CANDIDATE)) {
    const raw = withoutTail(match[0]);
    const href = safeHref(raw);
    if (!href) continue;
    if (match.index > end) out.push({ kind: 'text', text: text.slice(end, match.index) });
    out.push({ kind: 'link', text: shown(raw, href), href });
    end = match.index + raw.length;
  }
  if (end < text.length) out.push({ kind: 'text', text: text.slice(end) });
  return out;
}

/** A full stop or a bracket after an address belongs to the sentence, unless its partner is in the address. */
function withoutTail(raw: string): string {
  let address = raw;
  for (;;) {
    const last = address.at(-1) ?? '';
    if (/[.,;:!?'"»”…]/u.test(last)) address = address.slice(0, -1);
    else if (last === ')' && !address.includes('(')) address = address.slice(0, -1);
    else if (last === ']' && !address.includes('[')) address = address.slice(0, -1);
    else return address;
  }
}

export function safeHref(raw: string): string | null {
  let url: URL;
  try {
    url = new URL(raw);
  } catch {
    return null;
  }
  if (url.protocol === 'mailto:') return url.pathname.includes('@') ? url.href : null;
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return null;
  // "https://bank.example@evil.example" shows one host and goes to another.
  if (url.username || url.password || !url.hostname) return null;
  return url.href;
}

function shown(raw: string, href: string): string {
  const url = new URL(href);
  const host = /^[a-z]+:\/\/([^/?#]*)/iu.exec(raw)?.[1];
  return host && host.toLowerCase() !== url.host ? raw.replace(host, url.host) : raw;
}
