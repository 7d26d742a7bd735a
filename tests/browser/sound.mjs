// A sound card for a test: a PulseAudio of its own with a null sink.

import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, watch, writeFileSync } from 'node:fs';

/** Gives a place a loudspeaker nobody hears. Programs started after this play to it. */
export const withLoudspeaker = (place) => withCard(place, []);

/** And a microphone that hears a tone. */
export const withMicrophone = (place) =>
  withCard(place, ['module-remap-source master=loop.monitor source_name=microphone', 'module-sine sink=loop frequency=440']);

async function withCard(place, more) {
  const folder = place.path('pulse');
  mkdirSync(folder, { mode: 0o700 });
  const socket = `${folder}/socket`;
  const asked = [`module-native-protocol-unix socket=${socket} auth-anonymous=1`, 'module-null-sink sink_name=loop norewinds=1', ...more];
  const options = ['-n', '--daemonize=no', '--exit-idle-time=-1', '--use-pid-file=no'];
  const pulse = spawn('pulseaudio', [...options, ...asked.flatMap((module) => ['-L', module])], {
    env: { ...place.environment, XDG_RUNTIME_DIR: folder, HOME: folder },
    stdio: 'ignore',
  });
  pulse.gone = new Promise((resolve) => pulse.once('exit', resolve));
  place.children.add(pulse);
  await new Promise((resolve, reject) => {
    const look = () => existsSync(socket) && (watcher.close(), resolve());
    const watcher = watch(folder, look);
    pulse.once('error', reject);
    pulse.gone.then((code) => reject(new Error(`pulseaudio ended with ${code}`)));
    look();
  });
  const alsa = place.path('asound.conf');
  writeFileSync(alsa, 'pcm.!default { type pulse }\nctl.!default { type pulse }\n');
  Object.assign(place.environment, { PULSE_SERVER: `unix:${socket}`, ALSA_CONFIG_PATH: alsa });
}
