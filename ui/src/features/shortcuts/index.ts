export { actionOf, isText, type Action } from './shortcuts';
export { default as Help } from './Help.svelte';
export { default as ShortcutList } from './ShortcutList.svelte';
