// The page: gets the engine, embeds the passages, answers while you type. Every number comes from the engine.
import { load } from './engine/minilm_l6.mjs';
import { find } from './dom.mjs';
import { bytes, percent, plural, seconds, whole } from './format.mjs';
import * as attention from './attention.mjs';
import * as corpus from './corpus.mjs';
import * as loading from './loading.mjs';
import * as results from './results.mjs';
import * as running from './running.mjs';
import * as timing from './timing.mjs';

const query = find('query');
const visit = { ready: 0, indexed: null };
let model = null,
  about = null;
const sources = { bundled: { passages: [], index: null }, own: { passages: [], index: null } };
let source = sources.bundled;

// --- the engine ------------------------------------------------------------------------------------------------------
async function start() {
  const stop = new AbortController(),
    begun = visit.ready ? performance.now() : 0; // the first time: since the page was opened
  let cancelled = false;
  const cancel = () => {
    cancelled = true;
    stop.abort();
  };
  loading.progress({ phase: 'engine' }, cancel);
  find('status').textContent = 'The model is loading';
  const engine = load('./engine/minilm_l6.weights', {
    tokens: 256,
    signal: stop.signal,
    onProgress: (step) => loading.progress(step, cancel),
  });
  try {
    const [came] = await Promise.all([corpus.bundled(stop.signal), engine]);
    Object.assign(sources.bundled, came);
    model = await engine;
  } catch (problem) {
    stop.abort(); // what is still on its way
    engine.then(
      (late) => late.dispose(),
      () => {},
    );
    visit.ready ||= 1;
    return loading.failed(cancelled ? { code: 'aborted' } : problem, start);
  }
  about = await model.describe();
  visit.ready = performance.now() - begun;
  loading.done();
  find('status').textContent = 'The model is ready';
  find('bundled-label').textContent = `${sources.bundled.passages.length} bundled passages`;
  running.show(about, visit);
  await index_bundled();
  if (sources.own.passages.length) index_own();
}

// --- passages --------------------------------------------------------------------------------------------------------
async function index_bundled() {
  const { passages, vectors, model: maker } = sources.bundled,
    texts = passages.map(corpus.embedded),
    begun = performance.now();
  const shipped = maker === about.manifest ? vectors : null; // those of another model say nothing here
  sources.bundled.index = await model.index([], { vectors: shipped ?? undefined });
  pick_source();
  if (!shipped) {
    let asked = 0;
    await sources.bundled.index.add(texts, {
      onProgress: ({ loaded, total }) => {
        indexing(loaded, total);
        if (performance.now() - asked > 400) ((asked = performance.now()), ask()); // the ranking grows with the passages
      },
    });
  }
  visit.indexed = {
    title: `${texts.length} vectors`,
    note: shipped
      ? 'made when this site was built, by the same headers'
      : `computed here in ${seconds(performance.now() - begun)}`,
    check: shipped && ((progress) => compare(texts, shipped, progress)),
  };
  running.show(await model.describe(), visit);
  ask();
}
function indexing(done, total) {
  const note = find('indexing');
  note.hidden = done === total || source !== sources.bundled;
  note.textContent = `Reading the passages: ${done} of ${total}. You can search those already.`;
}

// The shipped vectors, computed once more by this browser. -> what came of it, as a sentence
async function compare(texts, shipped, progress) {
  const begun = performance.now();
  const here = await model.embed(texts, {
    truncate: true,
    onProgress: ({ loaded, total }) => progress(`${loaded} of ${total}`),
  });
  let most = 0;
  here.forEach((vector, row) =>
    vector.forEach((value, i) => {
      most = Math.max(most, Math.abs(value - shipped[row * vector.length + i]));
    }),
  );
  const all = whole(texts.length * about.width),
    took = seconds(performance.now() - begun);
  return most === 0
    ? `computed again by this browser in ${took}: all ${all} numbers are the same to the last bit`
    : `computed again by this browser in ${took}; the largest difference of any of the ${all} numbers is ${most.toExponential(1)}`;
}

let own_turn = 0;
async function index_own() {
  const mine = ++own_turn,
    how = document.querySelector('input[name="split"]:checked').value;
  const passages = corpus.split(find('own-text').value, how),
    note = find('own-note');
  if (!model) {
    note.textContent = passages.length ? `${plural(passages.length, 'passage')}, waiting for the model` : '';
    return;
  }
  const index = await model.index();
  if (mine !== own_turn) return index.drop();
  sources.own.index?.drop();
  Object.assign(sources.own, { passages, index });
  const begun = performance.now(),
    stop = new AbortController();
  own_stop?.abort();
  own_stop = stop;
  if (!passages.length) {
    note.textContent = '';
    return ask();
  }
  try {
    await index.add(passages.map(corpus.embedded), {
      signal: stop.signal,
      onProgress: ({ loaded, total }) => {
        note.textContent = `${loaded} of ${plural(total, 'passage')} read`;
      },
    });
  } catch (problem) {
    if (problem.code !== 'aborted') note.textContent = problem.message;
    return;
  }
  note.textContent = `${plural(passages.length, 'passage')}, read in ${seconds(performance.now() - begun)}`;
  ask();
}
let own_stop = null,
  own_timer = 0;
const own_changed = () => {
  clearTimeout(own_timer);
  own_timer = setTimeout(index_own, 350);
};
find('own-text').addEventListener('input', own_changed);
for (const choice of document.querySelectorAll('input[name="split"]')) choice.addEventListener('change', index_own);

function pick_source() {
  const name = document.querySelector('input[name="source"]:checked').value;
  source = sources[name];
  find('own').hidden = name !== 'own';
  find('corpus-note').textContent =
    name === 'own' ? '' : 'Short texts on everyday science, history and life, written for this page';
  results.clear();
  ask();
}
for (const choice of document.querySelectorAll('input[name="source"]')) choice.addEventListener('change', pick_source);

// --- questions -------------------------------------------------------------------------------------------------------
// At most one is with the engine; of those typed meanwhile only the latest is asked.
let wanted = null,
  busy = false,
  pictured = null,
  said = 0;
function ask() {
  wanted = query.value.trim();
  if (!busy) answer();
}
async function answer() {
  busy = true;
  try {
    while (wanted !== null) {
      const text = wanted,
        { index, passages } = source;
      wanted = null;
      if (!text || !index?.size) {
        nothing();
        continue;
      }
      const found = await index.search(text, 10);
      if (source.index !== index) continue;
      show(text, found, passages, index.size);
      if (wanted === null && text !== pictured) {
        attention.show(await model.attention(text));
        pictured = text;
      }
    }
  } catch (problem) {
    if (problem.code !== 'disposed') find('status').textContent = problem.message;
    if (problem.code === 'internal') {
      model?.dispose();
      model = null;
      sources.bundled.index = null;
      loading.failed(problem, start);
    }
  } finally {
    busy = false;
  }
}
function show(text, found, passages, size) {
  const hits = found.hits
    .map(({ index, score }) => ({ passage: passages[index], score }))
    .filter(({ passage }) => passage);
  find('answers').hidden = false;
  find('empty').hidden = true;
  results.show(hits, { animate: true });
  timing.show(found, size);
  clearTimeout(said); // a screen reader hears the result, not every keystroke
  said = setTimeout(() => {
    const best = hits[0];
    const name = best.passage.title ?? best.passage.text.slice(0, 80);
    find('status').textContent = `Nearest of ${plural(size, 'passage')}: ${name}, ${percent(best.score)} alike`;
    history.replaceState(null, '', `?q=${encodeURIComponent(text)}${location.hash}`);
  }, 700);
}
function nothing() {
  results.clear();
  find('answers').hidden = true;
  find('timing').hidden = true;
  find('empty').hidden = !model;
  find('empty').textContent =
    source === sources.own && !source.passages.length
      ? 'Paste a text above; its passages are ranked here.'
      : 'Type above, or pick one of the examples.';
}
query.addEventListener('input', ask);
find('examples').addEventListener('click', ({ target }) => {
  if (target.localName !== 'button') return;
  query.value = target.textContent;
  ask();
});

// --- the frame -------------------------------------------------------------------------------------------------------
const theme = find('theme'),
  dark_system = matchMedia('(prefers-color-scheme: dark)');
const is_dark = () => (document.documentElement.dataset.theme ?? (dark_system.matches ? 'dark' : 'light')) === 'dark';
function theme_changed() {
  theme.setAttribute('aria-pressed', is_dark());
  dispatchEvent(new Event('theme'));
}
theme.addEventListener('click', () => {
  document.documentElement.dataset.theme = is_dark() ? 'light' : 'dark';
  try {
    localStorage.setItem('theme', document.documentElement.dataset.theme);
  } catch {
    /* not kept, then */
  }
  theme_changed();
});
dark_system.addEventListener('change', theme_changed);
theme_changed();

query.value = new URLSearchParams(location.search).get('q') ?? '';
if ('serviceWorker' in navigator) navigator.serviceWorker.register('sw.js').catch(() => {}); // offline is a nicety
pick_source();
if (navigator.connection?.saveData) loading.offer(bytes(91.1e6), start);
else start();
