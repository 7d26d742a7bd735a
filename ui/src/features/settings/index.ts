export { Appearance, type Scheme } from './appearance.svelte';
export { default as Settings, type Page as SettingsPageId } from './Settings.svelte';
export { default as SettingsPage } from './SettingsPage.svelte';
export { default as SignOut } from './SignOut.svelte';
