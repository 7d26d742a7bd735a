// A flag that follows another one late: it rises only if the other stays up for `after` ms, and falls `linger` ms
// after it. Skeletons and banners use it, so that nothing flashes.

export class Late {
  #shown = $state(false);
  #timer: ReturnType<typeof setTimeout> | undefined;
  #wanted = false;

  constructor(
    private readonly after: number,
    private readonly linger = 0,
  ) {}

  get shown(): boolean {
    return this.#shown;
  }

  follow(wanted: boolean): void {
    if (wanted === this.#wanted) return;
    this.#wanted = wanted;
    clearTimeout(this.#timer);
    if (wanted === this.#shown) return;
    const wait = wanted ? this.after : this.linger;
    if (wait === 0) this.#shown = wanted;
    else this.#timer = setTimeout(() => (this.#shown = wanted), wait);
  }
}
