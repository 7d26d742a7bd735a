// Which of the two carries this page. The shell's bridge is loaded only where there is a shell.

import type { Backend } from './backend';
import { browserBackend } from './browser';

export async function open(): Promise<Backend> {
  if (!('isTauri' in globalThis)) return browserBackend();
  const { tauriBackend } = await import('./tauri');
  return tauriBackend();
}
