export { default as Rail } from './Rail.svelte';
export type { View } from './view';
