// Every word of the window comes from one catalogue. A missing message is a defect a test catches; on screen it falls
// back to its name, so that nothing is ever empty.

import { FluentBundle, FluentResource, type FluentVariable } from '@fluent/bundle';
import en from './en.ftl?raw';

export const language = 'en';

const bundle = new FluentBundle(language);
bundle.addResource(new FluentResource(en));

/** The message `id`, with its placeables filled and isolated from the direction of the text around. */
export function t(id: string, args?: Record<string, FluentVariable>): string {
  const message = bundle.getMessage(id);
  if (!message?.value) return id;
  return bundle.formatPattern(message.value, args);
}
