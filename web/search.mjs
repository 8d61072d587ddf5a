// The view #search?q=…: ranks passages while one types, those of the page or those of a text that the visitor pastes.
import { find } from './dom.mjs';
import { percent, plural, seconds } from './format.mjs';
import * as corpus from './corpus.mjs';
import * as engine from './engine.mjs';
import { bundled } from './library.mjs';
import * as results from './results.mjs';
import * as timing from './timing.mjs';
import { remember } from './views.mjs';

const query = find('query'),
  own = { passages: [], index: null };
let source = bundled,
  model = null; // whose indexes these are

async function connect() {
  ({ model } = await engine.ready());
  if (own.passages.length) index_own();
  ask();
}
connect();
addEventListener('passages', () => {
  if (source === bundled) ask();
});

export function enter(parameters) {
  const wanted = parameters.get('q');
  if (wanted === null) return keep();
  query.value = wanted;
  ask();
}
const keep = () => remember('search', { q: query.value.trim() });

// --- the visitor's own text ------------------------------------------------------------------------------------------
let turn = 0,
  stop = null,
  timer = 0;
async function index_own() {
  const mine = ++turn,
    how = document.querySelector('input[name="split"]:checked').value;
  const passages = corpus.split(find('own-text').value, how),
    note = find('own-note');
  own.passages = passages;
  own.index?.drop().catch(() => {});
  own.index = null;
  if (!model) {
    note.textContent = passages.length ? `${plural(passages.length, 'passage')}, waiting for the model` : '';
    return;
  }
  stop?.abort();
  stop = new AbortController();
  note.textContent = '';
  if (!passages.length) return ask();
  const begun = performance.now();
  try {
    const index = await model.index();
    if (mine !== turn) return index.drop();
    own.index = index;
    await index.add(passages.map(corpus.embedded), {
      signal: stop.signal,
      onProgress: ({ loaded, total }) => {
        if (mine === turn) note.textContent = `${loaded} of ${plural(total, 'passage')} read`;
      },
    });
    if (mine !== turn) return;
  } catch (problem) {
    if (problem.code !== 'aborted') ((note.textContent = problem.message), failed(problem));
    return;
  }
  note.textContent = `${plural(passages.length, 'passage')}, read in ${seconds(performance.now() - begun)}`;
  ask();
}
find('own-text').addEventListener('input', () => {
  clearTimeout(timer);
  timer = setTimeout(index_own, 350);
});
for (const choice of document.querySelectorAll('input[name="split"]')) choice.addEventListener('change', index_own);

for (const choice of document.querySelectorAll('input[name="source"]'))
  choice.addEventListener('change', () => {
    source = choice.value === 'own' ? own : bundled;
    find('own').hidden = source !== own;
    describe_source();
    results.clear();
    ask();
  });
function describe_source() {
  find('corpus-note').textContent =
    source === own ? '' : 'Short texts on everyday science, history and life, written for this page';
}
describe_source();

// --- questions: at most one is with the engine; of those typed meanwhile only the latest is asked ----------------------
let wanted = null,
  busy = false,
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
      if (!text || !model || !index?.size) {
        nothing();
        continue;
      }
      const found = await index.search(text, 10);
      if (source.index === index) show(text, found, passages, index.size);
    }
  } catch (problem) {
    failed(problem);
  } finally {
    busy = false;
  }
}
function failed(problem) {
  if (problem.code === 'internal') {
    model = null;
    own.index = bundled.index = null;
  }
  engine.trouble(problem);
  if (!model) connect();
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
    keep();
  }, 700);
}
function nothing() {
  results.clear();
  find('answers').hidden = true;
  find('timing').hidden = true;
  find('empty').hidden = !model;
  find('empty').textContent =
    source === own && !own.passages.length
      ? 'Paste a text above; its passages are ranked here.'
      : 'Type above, or pick one of the examples.';
}
query.addEventListener('input', ask);
find('examples').addEventListener('click', ({ target }) => {
  if (target.localName !== 'button') return;
  query.value = target.textContent;
  ask();
});
