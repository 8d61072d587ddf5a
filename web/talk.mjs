// The language model of the chat and the conversation with it. Nothing of it is fetched before the visitor asks.
import { keep_page } from './keeping.mjs';

// What has been said; the model is told of it from message `first` on. used: tokens that its cache held last.
export const talk = { model: null, about: null, messages: [], first: 0, used: 0 };

const file = (name, end) => new URL(`./chat/${name}.${end}`, import.meta.url).href;

// Whether this browser holds the weights already.
export async function kept({ name }) {
  try {
    return Boolean(await (await caches.open('constformer')).match(file(name, 'weights'), { ignoreSearch: true }));
  } catch {
    return false; // it keeps nothing
  }
}

// Options as load() has them. Fails as load() does.
export async function open({ name }, options) {
  const script = file(name, 'mjs');
  let load;
  try {
    ({ load } = await import(script));
  } catch (problem) {
    throw Object.assign(new Error(`the engine's script at ${script} cannot be loaded`), { code: 'network', cause: problem });
  }
  const model = await load(file(name, 'weights'), options);
  Object.assign(talk, { model, about: await model.describe(), used: 0 });
  keep_page(script);
}
export function close() {
  talk.model?.dispose();
  Object.assign(talk, { model: null, about: null, used: 0 });
}

// The answer to a text: { text, stop, prompt, reused, tokens, prompt_ms, ms }; what a text that was stopped lacks is null. What
// the model will not read is forgotten again, and the error says why.
export async function ask(text, options, { signal, onRead, onText }) {
  const { model, messages, first } = talk,
    begun = performance.now();
  let written = '',
    tokens = 0,
    prompt = 0,
    read = begun;
  messages.push({ role: 'user', content: text });
  try {
    const found = await model.chat(messages.slice(first), {
      ...options,
      signal,
      onProgress: ({ loaded, total }) => {
        prompt = total;
        read = performance.now();
        onRead(loaded, total);
      },
      onToken: (part, so_far) => {
        written += part;
        tokens = so_far;
        onText(written, tokens, performance.now() - read);
      },
    });
    messages.push({ role: 'assistant', content: found.text });
    talk.used = Math.min(found.prompt + found.tokens, talk.about.longest);
    return found;
  } catch (problem) {
    if (problem.code !== 'aborted') {
      messages.pop();
      throw problem;
    }
    messages.push({ role: 'assistant', content: written });
    talk.used = prompt + tokens;
    const times = { prompt_ms: null, ms: tokens ? performance.now() - read : null };
    return { text: written, stop: 'stopped', prompt, reused: null, tokens, ...times };
  }
}

export async function begin_anew() {
  Object.assign(talk, { messages: [], first: 0, used: 0 });
  await talk.model?.reset();
}

// Forgets the older half of the turns; false: there is but one, or none.
export function forget() {
  const turns = (talk.messages.length - talk.first) / 2;
  if (turns < 1) return false;
  talk.first += 2 * Math.ceil(turns / 2);
  return true;
}
