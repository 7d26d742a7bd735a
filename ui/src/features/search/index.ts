export { Search } from './search.svelte';
export { default as SearchField } from './SearchField.svelte';
export { default as SearchResults } from './Results.svelte';
