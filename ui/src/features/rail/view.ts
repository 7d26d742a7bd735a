/** What the rail leads to. */
export type View = 'inbox' | 'requests' | 'settings';
