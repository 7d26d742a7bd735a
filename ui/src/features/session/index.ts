export { Session } from './session.svelte';
export { default as ConnectionBanner } from './ConnectionBanner.svelte';
