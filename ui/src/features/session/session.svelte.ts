// Who is signed in, and how the two links stand: window → engine (`link`) and engine → homeserver (`connection`).

import type { Account, Backend, Connection, Event, Hosting, Link, Status } from '../../backend';

export class Session {
  link = $state<Link>('connecting');
  /** False until the engine answered once. */
  ready = $state(false);
  account = $state.raw<Account | null>(null);
  connection = $state.raw<Connection>({ link: 'connecting' });
  hosting = $state.raw<Hosting | null>(null);
  canHost = $state(false);
  soundProblem = $state<string | null>(null);
  microphoneProblem = $state<string | null>(null);
  version = $state('');

  constructor(private readonly backend: Backend) {}

  /** Watches the link and reads the status; hands it on to those it concerns. */
  async start(onStatus: (status: Status) => void): Promise<void> {
    this.backend.watch((link) => (this.link = link));
    await this.refresh(onStatus);
  }

  async refresh(onStatus: (status: Status) => void): Promise<void> {
    const status = await this.backend.invoke('status', {});
    this.#take(status);
    onStatus(status);
  }

  apply(event: Event): void {
    if (event.type === 'account') this.account = event.account;
    else if (event.type === 'connection') this.connection = event.connection;
    else if (event.type === 'hosting') this.hosting = event.hosting;
  }

  /** After signing in by any of the three ways. */
  signedIn(account: Account): void {
    this.account = account;
  }

  async signOut(): Promise<void> {
    await this.backend.invoke('sign_out', {});
    this.account = null;
  }

  retryConnection(): Promise<unknown> {
    return this.backend.invoke('retry_connection', {});
  }

  /** Starts or stops the server of this computer; how it stands then comes as an event. */
  runHosting(run: boolean): Promise<unknown> {
    return this.backend.invoke(run ? 'start_hosting' : 'stop_hosting', {});
  }

  #take(status: Status): void {
    this.account = status.account;
    this.connection = status.connection;
    this.hosting = status.hosting;
    this.canHost = status.can_host;
    this.soundProblem = status.sound_problem;
    this.microphoneProblem = status.microphone_problem;
    this.version = status.version;
    this.ready = true;
  }
}
