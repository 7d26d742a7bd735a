// `npm run dev`, then /dev.html?scene=talking&scheme=dark&dir=rtl&lang=… . Not part of the product.

import { mount } from 'svelte';
import App from '../App.svelte';
import { Appearance } from '../features/settings';
import '../styles/base.css';
import { HarkWindow } from '../window.svelte';
import { scriptedBackend } from './backend';
import { scenes } from './scenes';

const query = new URLSearchParams(location.search);
const scene = (scenes[query.get('scene') ?? 'talking'] ?? scenes['talking'])?.();
const root = document.getElementById('app');
if (!root || !scene) throw new Error('dev.html has no #app, or there is no such scene');

localStorage.setItem('hark.scheme', query.get('scheme') ?? 'system');
document.documentElement.dir = query.get('dir') ?? 'ltr';
const appearance = new Appearance(
  document.documentElement,
  localStorage,
  window.matchMedia('(prefers-contrast: more)'),
);
const backend = scriptedBackend(scene);
const hark = new HarkWindow(backend, () => query.get('watched') !== 'no');
Object.assign(window, { hark, backend });
mount(App, { target: root, props: { hark, appearance } });
void hark.start().then(() => {
  backend.start();
  if (scene.playing) {
    hark.player.message = scene.playing;
    hark.player.conversation = scene.playing.conversation;
  }
  if (scene.open) hark.select(scene.open);
  if (scene.held) hark.recorder.held = scene.open ?? null;
});
