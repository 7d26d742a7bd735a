export { Player, STEP_MS } from './player.svelte';
export { Scrub } from './scrub.svelte';
export { default as MiniPlayer } from './MiniPlayer.svelte';
export { default as VoiceBody } from './VoiceBody.svelte';
export { WAVE_HEIGHT, barsHeard, resample, wavePath, waveWidth } from './waveform';
