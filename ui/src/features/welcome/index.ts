export { Welcome, type Step } from './welcome.svelte';
export { default as WelcomeScreen } from './WelcomeScreen.svelte';
