import { describe, expect, it } from 'vitest';
import { CommandError, type Account } from '../../backend';
import { recorder } from '../../dev/recorder';
import { Welcome, strengthOf } from './welcome.svelte';

const account: Account = { user_id: '@noor:x', display_name: 'Noor', homeserver: 'http://x', device_id: 'D' };

describe('the ways in', () => {
  it('put each failure at the field it is about', async () => {
    const places = {
      no_server: 'homeserver',
      wrong_password: 'password',
      name_taken: 'user',
      refused: 'form',
    } as const;
    for (const [code, at] of Object.entries(places)) {
      const it = new Welcome(
        recorder({
          sign_in: () => Promise.reject(new CommandError(code as keyof typeof places, 'Because.')),
        }),
        () => undefined,
      );
      await it.signIn();
      expect(it.trouble).toEqual({ at, text: 'Because.' });
      expect(it.busy).toBe(false);
    }
  });

  it('forget the password once it is not needed any more', async () => {
    const entered: Account[] = [];
    const it = new Welcome(recorder({ sign_in: () => account }), (who) => entered.push(who));
    it.password = 'secret';
    await it.signIn();
    expect(entered).toEqual([account]);
    expect(it.password).toBe('');
  });

  it('start once, however often the button is pressed', async () => {
    const backend = recorder({ try_it: () => account });
    const it = new Welcome(backend, () => undefined);
    await Promise.all([it.tryIt(), it.tryIt()]);
    expect(backend.asked('try_it')).toHaveLength(1);
  });

  it('leave the server name to the engine where none is given', async () => {
    const backend = recorder({ host_here: () => account });
    const it = new Welcome(backend, () => undefined);
    it.user = ' noor ';
    it.serverName = '  ';
    await it.host();
    expect(backend.asked('host_here')[0]).toMatchObject({ user: 'noor', server_name: null });
  });
});

describe('the strength of a password', () => {
  it('counts length and words above signs', () => {
    expect(strengthOf('Aa1!')).toBe('short');
    expect(strengthOf('password')).toBe('weak');
    expect(strengthOf('Password1')).toBe('fair');
    expect(strengthOf('four plain words here')).toBe('good');
  });
});
