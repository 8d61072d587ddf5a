// The view #chat?q=…&temperature=…&seed=…: a small language model that answers in this tab. Its engine and weights are fetched
// when the visitor asks for them.
import { el, find } from './dom.mjs';
import { bytes, plural, seconds, whole } from './format.mjs';
import { loading_in } from './loading.mjs';
import { prose } from './prose.mjs';
import { measured } from './size.mjs';
import { ask, begin_anew, close, forget, kept, open, talk } from './talk.mjs';
import { remember } from './views.mjs';

const loading = loading_in(find('chat-loading')),
  field = find('message'),
  log = find('log'),
  note = find('chat-note'),
  settings = [...find('chat-settings').querySelectorAll('input')];
let chat = null, // { name, title, files, weights } as sizes.json has them
  writing = null, // an AbortController, while an answer is on its way
  first_question = '';
const say = (text) => {
  find('status').textContent = text;
};

export async function enter(parameters) {
  for (const input of settings) if (parameters.has(input.name)) input.value = parameters.get(input.name);
  if (parameters.has('q') && !talk.messages.length && !field.value) field.value = parameters.get('q');
  keep();
  if (chat) return;
  try {
    ({ chat } = await measured());
  } catch (problem) {
    return without(`What this page holds could not be asked for: ${problem.message}.`);
  }
  if (!chat)
    return without(
      'The language model is not beside this page. Whoever serves the page can add it: tools/demo --chat fetches its weights (98 MB) and compiles it.',
    );
  find('chat-empty').hidden = true;
  offer();
}
function without(why) {
  find('chat-empty').hidden = false;
  find('chat-empty').textContent = why;
}
function keep() {
  const changed = settings.filter((input) => input.value !== input.defaultValue).map((input) => [input.name, input.value]);
  remember('chat', { q: first_question || field.value.trim(), ...Object.fromEntries(changed) });
}

// --- the model ---------------------------------------------------------------------------------------------------------
async function offer() {
  const here = await kept(chat),
    loaded = chat.files.filter(({ name }) => name.endsWith('.mjs') || name.includes('.relaxed.')),
    engine = loaded.reduce((sum, { raw }) => sum + raw, 0);
  loading.offer(
    chat.title,
    [
      here
        ? 'Its weights are in this browser’s own storage from an earlier visit.'
        : `Its weights are a download of ${bytes(chat.weights)}; the engine that runs them is ${bytes(engine)}. They come once, and your browser keeps them for visits without a network, too.`,
      here ? null : 'Nothing of it has been fetched yet.',
    ].filter(Boolean),
    here ? 'Start the model' : `Download ${bytes(chat.weights)} and start`,
    start,
  );
}
async function start() {
  const stop = new AbortController(),
    begun = performance.now();
  loading.progress({ phase: 'engine' }, () => stop.abort());
  say('The language model is loading');
  try {
    await open(chat, { signal: stop.signal, onProgress: (step) => loading.progress(step, () => stop.abort()) });
  } catch (problem) {
    return loading.failed(stop.signal.aborted ? { code: 'aborted' } : problem, start);
  }
  loading.done();
  find('chat-body').hidden = false;
  facts(performance.now() - begun);
  numbers();
  ready();
  say('The language model is ready');
  if (!find('chat').hidden) field.focus();
}

function facts(took) {
  const { about } = talk,
    all = [
      ['Type', el('code', {}, about.type), about.type.includes(', q4>') ? 'matrices stay in blocks of 4 bits as the checkpoint has them, computed in integers' : null],
      ['Parameters', whole(about.parameters), `${plural(about.layers, 'layer')}, ${about.heads} heads, width ${about.width}`],
      ['Engine', bytes(about.module_bytes), `WebAssembly, ${about.build}, before compression; the tokenizer’s code is part of it`],
      ['Weights', bytes(about.weights_bytes), about.weights_from === 'cache' ? 'this time out of this browser’s own storage' : 'this time from the server, vocabulary included'],
      ['Memory', bytes(about.memory_bytes), `all of it taken at the start: weights, the cache of ${whole(about.longest)} tokens, scratch`],
      ['Start', seconds(took), about.threads > 1 ? `${about.threads} workers share the work` : about.thread === 'worker' ? 'until it answers; it runs in a worker, and this page stays free' : 'until it answers; this browser started no worker'],
    ];
  find('chat-facts').replaceChildren(
    ...all.map(([name, value, more]) => el('div', {}, el('dt', {}, name), el('dd', {}, value, more && el('small', {}, more)))),
  );
}

// --- a turn ------------------------------------------------------------------------------------------------------------
const endings = {
  end: 'the model ended it',
  stop: 'a stop text came',
  length: 'it has as many tokens as the settings allow',
  full: 'the context is full',
  stopped: 'you stopped it',
};
// -> { engine's options, seed }
function chosen() {
  const options = {};
  for (const { name, value, defaultValue } of settings) if (name !== 'seed') options[name] = Number(value.trim() || defaultValue);
  const seed = find('chat-seed').value.trim();
  return { ...options, seed: seed === '' ? Math.floor(Math.random() * 1e6) : Number(seed) };
}
function turn(who, name) {
  const body = el('div', { class: 'said' }),
    node = el('article', { class: `turn ${who}`, 'aria-label': name }, el('h2', { class: 'small-title' }, name), body);
  log.append(node);
  return { node, body };
}

async function send() {
  const text = field.value.trim();
  if (!text || writing || !talk.model) return;
  const options = chosen(),
    asked = turn('user', 'You'),
    answer = turn('model', chat.title),
    stop = (writing = new AbortController());
  asked.body.textContent = text;
  field.value = '';
  note.replaceChildren();
  first_question ||= text;
  keep();
  ready();
  answer.node.setAttribute('aria-busy', 'true');
  say('The model is writing');
  follow(true);
  let drawn = 0,
    shown = 0,
    prompt = 0;
  const draw = (written) => {
    const low = near_end();
    answer.body.replaceChildren(...prose(written));
    if (low) follow();
  };
  try {
    const found = await ask(text, options, {
      signal: stop.signal,
      onRead: (loaded, total) => {
        prompt = total;
        if (!drawn) answer.body.replaceChildren(el('p', { class: 'note' }, `Reading: ${loaded} of ${plural(total, 'token')}`));
      },
      onText: (written, tokens, ms) => {
        const now = performance.now();
        if (now - drawn < 30) return;
        drawn = now;
        draw(written);
        if (now - shown < 300 || ms < 200) return;
        shown = now;
        numbers({ prompt, reused: null, tokens, prompt_ms: null, ms }, prompt + tokens);
      },
    });
    draw(found.text);
    if (!found.text.trim()) answer.body.append(el('p', { class: 'note' }, found.stop === 'stopped' ? 'Stopped before a word.' : 'It has nothing to say.'));
    const seed = options.temperature > 0 ? `, seed ${options.seed}` : '';
    answer.node.append(el('p', { class: 'note' }, `${plural(found.tokens, 'token')}; ${endings[found.stop]}${seed}`));
    numbers(found);
    say(found.stop === 'stopped' ? 'Stopped.' : `The model says: ${found.text}`);
    if (found.stop === 'full') full('The context is full: the model remembers no more than this.');
  } catch (problem) {
    failed(problem, asked, answer, text);
  } finally {
    answer.node.removeAttribute('aria-busy');
    writing = null;
    ready();
    follow();
  }
}
function failed(problem, asked, answer, text) {
  asked.node.remove();
  answer.node.remove();
  field.value = text;
  if (problem.code === 'input' && /context has room/.test(problem.message))
    return full(
      talk.messages.length > talk.first
        ? 'This no longer fits into what the model can remember.'
        : `This message alone is too long: ${problem.message}.`,
    );
  note.replaceChildren(el('p', {}, `${problem.message}.`));
  say(problem.message);
  if (problem.code !== 'internal') return;
  close(); // the engine stopped; what was said stays here and is read anew
  find('chat-body').hidden = true;
  loading.failed(problem, start);
}
function full(why) {
  const more = talk.messages.length > talk.first && [
    el('button', { class: 'button small', type: 'button', onclick: drop_older }, 'Forget the older half'),
    el('button', { class: 'button small', type: 'button', onclick: anew }, 'New conversation'),
  ];
  note.replaceChildren(el('p', {}, why), ...(more || []));
  say(why);
}
function drop_older() {
  forget();
  for (const [i, node] of [...log.querySelectorAll('.turn')].entries()) node.classList.toggle('forgotten', i < talk.first);
  note.replaceChildren(el('p', {}, 'What is pale has been forgotten.'));
  say('The older half has been forgotten');
  field.focus();
}
async function anew() {
  writing?.abort();
  const last = writing;
  while (writing === last && last) await new Promise((later) => setTimeout(later, 10)); // its answer ends first
  await begin_anew();
  log.replaceChildren();
  note.replaceChildren();
  first_question = '';
  numbers();
  ready();
  keep();
  say('A new conversation');
  field.focus();
}

// --- what is shown -----------------------------------------------------------------------------------------------------
function ready() {
  find('chat-send').hidden = Boolean(writing);
  find('chat-stop').hidden = !writing;
  find('starters').hidden = log.childElementCount > 0;
  find('chat-anew').hidden = log.childElementCount === 0;
}
const rate = (tokens, ms) => (ms > 0 && tokens > 0 ? `${((1000 * tokens) / ms).toFixed(1)} /s` : '–');
// Of an answer, or of what there is of it; used: tokens in the cache.
function numbers({ prompt = 0, reused = 0, tokens = 0, prompt_ms = 0, ms = 0 } = {}, used = talk.used) {
  find('chat-rate').replaceChildren(ms > 0 && tokens > 0 ? ((1000 * tokens) / ms).toFixed(1) : '–', ' ', el('small', {}, 'tokens per second'));
  const { about } = talk;
  const rows = [
    ['Read', prompt && prompt_ms !== null ? `${whole(prompt - reused)} at ${rate(prompt - reused, prompt_ms)}` : '–'],
    ['Known already', reused === null || !prompt ? '–' : whole(reused)],
    ['Written', tokens ? `${whole(tokens)} at ${rate(tokens, ms)}` : '–'],
    ['Context', `${whole(used)} of ${whole(about.longest)}`],
  ];
  find('chat-numbers').tBodies[0].replaceChildren(...rows.map(([name, value]) => el('tr', {}, el('th', { scope: 'row' }, name), el('td', {}, value))));
  find('chat-used').style.width = `${(100 * used) / about.longest}%`;
}
// The page follows a text that grows, unless the reader has gone elsewhere.
const near_end = () => find('chat-end').getBoundingClientRect().bottom < innerHeight + 120;
function follow(always = false) {
  if (find('chat').hidden || !(always || near_end())) return;
  find('chat-end').scrollIntoView({ block: 'end', behavior: 'instant' });
}

find('chat-send').addEventListener('click', () => {
  send();
  field.focus();
});
find('chat-stop').addEventListener('click', () => {
  writing?.abort();
  field.focus();
});
find('chat-anew').addEventListener('click', anew);
field.addEventListener('keydown', (event) => {
  if (event.key === 'Escape') writing?.abort();
  if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  send();
});
for (const input of settings) input.addEventListener('change', keep);
find('starters').addEventListener('click', ({ target }) => {
  if (target.localName !== 'button') return;
  field.value = target.textContent;
  send();
  field.focus();
});
