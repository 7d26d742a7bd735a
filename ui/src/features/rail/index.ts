export { default as Rail, type View } from './Rail.svelte';
