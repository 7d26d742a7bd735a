import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

// Only index.html is built: dev.html and src/dev/ (the scripted backend, test builders) never reach the product.
export default defineConfig(({ mode }) => ({
  plugins: [svelte()],
  build: {
    target: 'es2022',
    sourcemap: false,
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    reportCompressedSize: true,
  },
  // Tests run what the browser runs, not Svelte's server half.
  resolve: mode === 'test' ? { conditions: ['browser'] } : {},
  server: { host: '127.0.0.1' },
  test: {
    include: ['src/**/*.test.ts'],
    environment: 'node',
    // Times are those of one place, wherever the tests run.
    env: { TZ: 'Europe/Berlin' },
  },
}));
