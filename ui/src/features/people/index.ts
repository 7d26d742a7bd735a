export { default as Avatar } from './Avatar.svelte';
export { colourOf, initials } from './initials';
