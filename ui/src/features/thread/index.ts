export { Thread } from './thread.svelte';
export { default as ThreadHeader } from './Header.svelte';
export { default as ThreadSkeleton } from './Skeleton.svelte';
export { default as RequestCard } from './Request.svelte';
export { default as Timeline } from './Timeline.svelte';
export { spokenMessage } from './spoken';
