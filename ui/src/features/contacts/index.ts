export { default as NewConversation } from './NewConversation.svelte';
