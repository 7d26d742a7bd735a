// A sound card for a desk: a PulseAudio of its own, a loudspeaker nobody hears, and a microphone that hears a tone.

import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { until } from './desk.mjs';

/** Programs started after this play to it and record from it. */
export async function withSound(desk) {
  const folder = desk.path('pulse');
  mkdirSync(folder, { mode: 0o700 });
  const socket = `${folder}/socket`;
  const modules = [
    `module-native-protocol-unix socket=${socket} auth-anonymous=1`,
    'module-null-sink sink_name=loudspeaker norewinds=1',
    'module-null-sink sink_name=room norewinds=1',
    // A source of its own: the monitor of a sink is no microphone, and is not taken for one.
    'module-remap-source master=room.monitor source_name=microphone',
    'module-sine sink=room frequency=440',
  ];
  const options = ['-n', '--daemonize=no', '--exit-idle-time=-1', '--use-pid-file=no'];
  const pulse = desk.spawn('pulseaudio', [...options, ...modules.flatMap((module) => ['-L', module])]);
  await until('the sound card', () => {
    if (pulse.exitCode !== null) throw new Error(`pulseaudio ended with ${pulse.exitCode}: ${pulse.errors}`);
    return existsSync(socket);
  });
  const alsa = desk.path('asound.conf');
  writeFileSync(alsa, 'pcm.!default { type pulse }\nctl.!default { type pulse }\n');
  Object.assign(desk.environment, { PULSE_SERVER: `unix:${socket}`, ALSA_CONFIG_PATH: alsa });
  await desk.tell('pactl', 'set-default-sink', 'loudspeaker');
  await desk.tell('pactl', 'set-default-source', 'microphone');
}
