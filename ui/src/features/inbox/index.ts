export { Inbox, type Show } from './inbox.svelte';
export { summary, systemWords, firstName, type Activity } from './preview';
export { default as ConversationList } from './ConversationList.svelte';
export { default as EmptyInbox } from './EmptyInbox.svelte';
export { default as InboxSkeleton } from './Skeleton.svelte';
export { default as Invitations } from './Invitations.svelte';
