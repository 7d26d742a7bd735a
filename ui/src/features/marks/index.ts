export { default as MarkIcon } from './MarkIcon.svelte';
export { markOf, type Mark } from './marks';
