// The three ways in. Each error goes to the field it is about; the rest stands above the button.

import { asCommandError, type Account, type Backend, type CommandError } from '../../backend';

export type Step = 'choose' | 'sign-in' | 'host';
export type Trouble = { at: 'homeserver' | 'user' | 'password' | 'form'; text: string };

export function troubleOf(error: CommandError): Trouble {
  const places = {
    no_server: 'homeserver',
    name_taken: 'user',
    wrong_password: 'password',
  } as const satisfies Partial<Record<CommandError['code'], Trouble['at']>>;
  const at = error.code in places ? places[error.code as keyof typeof places] : 'form';
  return { at, text: error.message };
}

export type Strength = 'short' | 'weak' | 'fair' | 'good';

/** A rough guide only: length counts most, and four words beat one word with signs in it. */
export function strengthOf(password: string): Strength {
  const words = password
    .trim()
    .split(/[\s-]+/)
    .filter((word) => word.length > 2).length;
  const kinds = [/\p{Ll}/u, /\p{Lu}/u, /\p{N}/u, /[^\p{L}\p{N}]/u].filter((kind) =>
    kind.test(password),
  ).length;
  if (password.length < 8) return 'short';
  if (words >= 4 || (password.length >= 16 && kinds >= 2)) return 'good';
  return password.length >= 12 || kinds >= 3 ? 'fair' : 'weak';
}

export class Welcome {
  step = $state<Step>('choose');
  busy = $state(false);
  trouble = $state.raw<Trouble | null>(null);

  homeserver = $state('');
  user = $state('');
  password = $state('');
  register = $state(false);
  serverName = $state('');

  constructor(
    private readonly backend: Backend,
    private readonly onSignedIn: (account: Account, how: Step) => void,
  ) {}

  go(step: Step): void {
    this.step = step;
    this.trouble = null;
  }

  tryIt(): Promise<void> {
    return this.#enter('choose', () => this.backend.invoke('try_it', {}));
  }

  signIn(): Promise<void> {
    const { homeserver, user, password, register } = this;
    return this.#enter('sign-in', () =>
      this.backend.invoke('sign_in', {
        homeserver: homeserver.trim(),
        user: user.trim(),
        password,
        register,
      }),
    );
  }

  host(): Promise<void> {
    const { user, password } = this;
    const name = this.serverName.trim();
    return this.#enter('host', () =>
      this.backend.invoke('host_here', {
        user: user.trim(),
        password,
        server_name: name === '' ? null : name,
      }),
    );
  }

  async #enter(how: Step, ask: () => Promise<Account>): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    this.trouble = null;
    try {
      const account = await ask();
      this.password = '';
      this.onSignedIn(account, how);
    } catch (thrown) {
      this.trouble = troubleOf(asCommandError(thrown));
    } finally {
      this.busy = false;
    }
  }
}
