import { mount } from 'svelte';
import App from './App.svelte';
import { browserBackend } from './backend/browser';
import { Appearance } from './features/settings';
import './styles/base.css';
import { HarkWindow } from './window.svelte';

const root = document.getElementById('app');
if (!root) throw new Error('index.html has no #app');

const appearance = new Appearance(
  document.documentElement,
  localStorage,
  window.matchMedia('(prefers-contrast: more)'),
);
const hark = new HarkWindow(
  browserBackend(),
  () => document.visibilityState === 'visible' && document.hasFocus(),
);
mount(App, { target: root, props: { hark, appearance } });
hark.start().catch(hark.fail);
