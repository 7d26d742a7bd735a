export { t } from './text';
export * from './format';
export * from './foreign';
export { now } from './now.svelte';
