// Every word of the window comes from one catalogue. A missing message is a defect a test catches; on screen it falls
// back to its name, so that nothing is ever empty.

import { FluentBundle, FluentResource, type FluentVariable } from '@fluent/bundle';
import en from './en.ftl?raw';

export const language = 'en';

const bundle = new FluentBundle(language, { useIsolating: false });
bundle.addResource(new FluentResource(en));

/** Letters that run the other way than the catalogue's language does. */
const OTHER_WAY = /[\u0590-\u08FF\uFB1D-\uFDFF\uFE70-\uFEFC]/;

/** The message `id`, with its placeables filled; a name that runs the other way is isolated from the sentence. */
export function t(id: string, args: Record<string, FluentVariable> = {}): string {
  const message = bundle.getMessage(id);
  if (!message?.value) return id;
  return bundle.formatPattern(message.value, isolated(args));
}

function isolated(args: Record<string, FluentVariable>): Record<string, FluentVariable> {
  const entries = Object.entries(args).map(
    ([name, value]) =>
      [name, typeof value === 'string' && OTHER_WAY.test(value) ? `\u2068${value}\u2069` : value] as const,
  );
  return Object.fromEntries(entries);
}
