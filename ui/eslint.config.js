import js from '@eslint/js';
import globals from 'globals';
import svelte from 'eslint-plugin-svelte';
import ts from 'typescript-eslint';
import svelteConfig from './svelte.config.js';

const shell = {
  group: ['@tauri-apps/*', '@tauri-apps'],
  message: 'Only src/backend/ knows the shell. Go through the Backend interface.',
};
const deep = {
  regex: '^\\.\\./(?!\\.\\.)[^/]+/.+',
  message: "Import another feature by its index ('../inbox'), not by its inner files.",
};
const upward = {
  regex: '^\\.\\./\\.\\./(features|App|window|main)',
  message: 'Parts, text and features do not reach up.',
};

export default ts.config(
  { ignores: ['dist/', 'node_modules/', 'src/backend/generated/'] },
  js.configs.recommended,
  ...ts.configs.strict,
  ...svelte.configs.recommended,
  {
    languageOptions: { globals: { ...globals.browser } },
    rules: {
      'no-restricted-imports': ['error', { patterns: [shell] }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      'no-console': 'error',
      'svelte/no-at-html-tags': 'error',
    },
  },
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: { parserOptions: { extraFileExtensions: ['.svelte'], parser: ts.parser, svelteConfig } },
  },
  {
    files: ['src/features/**'],
    rules: { 'no-restricted-imports': ['error', { patterns: [shell, deep, upward] }] },
  },
  {
    files: ['src/parts/**', 'src/text/**', 'src/backend/**'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            ...(shell ? [shell] : []),
            { regex: 'features/', message: 'Nothing below features reaches up.' },
          ],
        },
      ],
    },
  },
  { files: ['src/backend/**'], rules: { 'no-restricted-imports': 'off' } },
  {
    files: ['tools/**', '*.config.*'],
    languageOptions: { globals: { ...globals.node } },
    rules: { 'no-console': 'off' },
  },
);
