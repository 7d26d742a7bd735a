export { Player } from './player.svelte';
export { default as MiniPlayer } from './MiniPlayer.svelte';
export { default as VoiceBody } from './VoiceBody.svelte';
