export { Toasts } from './toasts.svelte';
export { default as ToastStack } from './Toasts.svelte';
