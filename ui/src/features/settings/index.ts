export { Appearance, type Scheme } from './appearance.svelte';
export { default as Settings } from './Settings.svelte';
export type { Page as SettingsPageId } from './page';
export { default as SettingsPage } from './SettingsPage.svelte';
export { default as SignOut } from './SignOut.svelte';
export { Preferences } from './preferences.svelte';
