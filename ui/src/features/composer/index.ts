export { Composer } from './composer.svelte';
export { default as ComposerBox } from './Composer.svelte';
