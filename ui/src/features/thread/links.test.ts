import { describe, expect, it } from 'vitest';
import { safeHref, segments } from './links';

const links = (text: string) => segments(text).filter((segment) => segment.kind === 'link');

describe('links in a message', () => {
  it('leave the sentence around them alone', () => {
    expect(segments('See https://example.org/a(b)? (and http://x.org/).')).toEqual([
      { kind: 'text', text: 'See ' },
      { kind: 'link', text: 'https://example.org/a(b)', href: 'https://example.org/a(b)' },
      { kind: 'text', text: '? (and ' },
      { kind: 'link', text: 'http://x.org/', href: 'http://x.org/' },
      { kind: 'text', text: ').' },
    ]);
  });

  it('are never made of anything but http, https and mailto', () => {
    for (const bad of [
      'javascript:alert(1)',
      'data:text/html,x',
      'file:///etc/passwd',
      'matrix:u/a:b',
      'ftp://x.org',
    ]) {
      expect(links(`go ${bad} now`), bad).toEqual([]);
      expect(safeHref(bad), bad).toBeNull();
    }
    expect(links('mailto:noor@example.org')).toHaveLength(1);
    expect(links('mailto:nobody')).toEqual([]);
  });

  it('do not hide where they go behind a user name', () => {
    expect(links('https://bank.example@evil.example/')).toEqual([]);
  });

  it('show look-alike letters of a host as they are sent', () => {
    expect(links('https://аpple.com/login')[0]).toMatchObject({ text: 'https://xn--pple-43d.com/login' });
  });

  it('lose nothing of the text', () => {
    const text = 'a https://example.org, b\nmailto:x@y.z; c';
    expect(
      segments(text)
        .map((segment) => segment.text)
        .join(''),
    ).toBe(text);
  });
});
