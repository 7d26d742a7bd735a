import { mount } from 'svelte';
import App from './App.svelte';
import { open } from './backend/open';
import { Appearance } from './features/settings';
import './styles/base.css';
import { HarkWindow } from './window.svelte';

const root = document.getElementById('app');
if (!root) throw new Error('index.html has no #app');

const appearance = new Appearance(
  document.documentElement,
  localStorage,
  window.matchMedia('(prefers-contrast: more)'),
  window.matchMedia('(prefers-color-scheme: dark)'),
);
const backend = await open();
const hark = new HarkWindow(backend, () => document.visibilityState === 'visible' && document.hasFocus());
mount(App, { target: root, props: { hark, appearance } });
await hark.start().catch(hark.fail);
await backend.desktop?.drawn(appearance.dark).catch(hark.fail);
