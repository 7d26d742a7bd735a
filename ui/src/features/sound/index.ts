export { Sound } from './sound.svelte';
export { Microphone, decibels } from './microphone.svelte';
