// Scheme and contrast, kept on this computer for this window.

export const SCHEMES = ['system', 'light', 'dark', 'contrast'] as const;
export type Scheme = (typeof SCHEMES)[number];

const KEY = 'hark.scheme';

export function parseScheme(stored: string | null): Scheme {
  return SCHEMES.find((scheme) => scheme === stored) ?? 'system';
}

interface Place {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
}

export class Appearance {
  #scheme = $state<Scheme>('system');

  constructor(
    private readonly root: HTMLElement,
    private readonly kept: Place,
    private readonly moreContrast: Pick<MediaQueryList, 'matches' | 'addEventListener'>,
    private readonly systemDark: Pick<MediaQueryList, 'matches'> = { matches: false },
  ) {
    this.#scheme = parseScheme(kept.getItem(KEY));
    this.#show();
    moreContrast.addEventListener('change', () => this.#show());
  }

  get scheme(): Scheme {
    return this.#scheme;
  }

  /** Whether what is drawn is dark, whoever chose it. */
  get dark(): boolean {
    return this.#scheme === 'dark' || (this.#scheme !== 'light' && this.systemDark.matches);
  }

  choose(scheme: Scheme): void {
    this.#scheme = scheme;
    this.kept.setItem(KEY, scheme);
    this.#show();
  }

  /** "More contrast" follows the system between light and dark, as "system" does. */
  #show(): void {
    const { dataset } = this.root;
    if (this.#scheme === 'light' || this.#scheme === 'dark') dataset['theme'] = this.#scheme;
    else delete dataset['theme'];
    if (this.#scheme === 'contrast' || this.moreContrast.matches) dataset['contrast'] = 'more';
    else delete dataset['contrast'];
  }
}
