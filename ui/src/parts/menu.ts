import type { Component } from 'svelte';

export interface MenuItem {
  label: string;
  icon: Component<{ class?: string }>;
  /** Shown at the end of the line. */
  key?: string;
  danger?: boolean;
  run(): void;
}
