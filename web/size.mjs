// The view #size?as=…: the bytes of every engine file, as web/make_sizes.mjs measured them when the site was built.
import { el, find } from './dom.mjs';
import { bytes } from './format.mjs';
import { remember } from './views.mjs';

let coming = null;
// -> { ours: { name, files: [{ name, raw, gzip, brotli }] }, weights, peer?: { name, version, entry, files, model: { name, raw } },
// chat?: { name, title, files, weights } }
export function measured() {
  coming ??= fetch('sizes.json').then((response) => {
    if (!response.ok) throw new Error(`sizes.json: the server answered ${response.status}`);
    return response.json();
  });
  coming.catch(() => {
    coming = null; // the next visit of a view asks again
  });
  return coming;
}

const form = () => document.querySelector('input[name="form"]:checked').value;
const keep = () => remember('size', { as: form() === 'brotli' ? '' : form() });

export async function enter(parameters) {
  const wanted = document.querySelector(`input[name="form"][value="${CSS.escape(parameters.get('as') ?? '')}"]`);
  if (wanted) wanted.checked = true;
  keep();
  try {
    draw(await measured());
  } catch (problem) {
    find('size-empty').textContent = `The sizes did not come: ${problem.message}.`;
  }
}

// A browser fetches one build of the engine. The others are there for browsers that can do less, or more.
function parts({ name, files }, build) {
  const builds = files.filter((file) => file.name.endsWith('.wasm')),
    one = builds.find((file) => file.name.includes(build)) ?? builds[0];
  return {
    name,
    loaded: files.filter((file) => file === one || !builds.includes(file)),
    other: builds.filter((file) => file !== one),
  };
}
const total = (files) => files.reduce((sum, file) => sum + file[form()], 0);

function draw({ ours, peer, chat }) {
  const engines = [parts(ours, '.relaxed.'), peer && parts(peer, '.wasm')].filter(Boolean),
    talks = chat && parts({ name: `Constformer, the chat (${chat.title})`, files: chat.files }, '.relaxed.'),
    longest = Math.max(...[...engines, talks].filter(Boolean).map(({ loaded }) => total(loaded)));
  find('size-empty').hidden = true;
  find('size-body').hidden = false;
  const [mine, theirs] = engines.map(({ loaded }) => total(loaded));
  find('size-sum').textContent = theirs
    ? `${bytes(mine)} beside ${bytes(theirs)}: ${(theirs / mine).toFixed(0)} times less`
    : `${bytes(mine)} for the whole engine`;
  find('size-note').textContent =
    'One build of the WebAssembly and its JavaScript. All bars have one scale.' +
    (peer
      ? ` ${peer.name} ${peer.version} can run any model, this engine only the one that it was compiled for.`
      : ' For the bars of onnxruntime-web beside them, whoever serves the page runs bench/run web --prepare, then tools/site.');
  find('ledger').replaceChildren(
    ...engines.map((one, i) => draw_engine(one, longest, i)),
    ...(talks ? [draw_engine(talks, longest, 0)] : []),
  );
}
function draw_engine({ name, loaded, other }, longest, which) {
  const what_for = (name) =>
    name.includes('.threads.') ? 'for pages that their server isolates: several workers' : 'for browsers without relaxed SIMD';
  const line = (file, kind) => {
    const length = el('i', { 'aria-hidden': 'true' });
    length.style.width = `${(100 * file[form()]) / longest}%`;
    return el(
      'tr',
      { class: kind },
      el('th', { scope: 'row' }, file.name, kind === 'other' ? el('small', {}, what_for(file.name)) : null),
      el('td', { class: 'wide' }, el('span', { class: 'track', 'aria-hidden': 'true' }, length)),
      el('td', { class: 'number' }, bytes(file[form()])),
    );
  };
  return el(
    'table',
    { class: `bars ledger ${which ? 'theirs' : 'ours'}` },
    el('caption', {}, `${name}, ${bytes(total(loaded))}`),
    el(
      'thead',
      { class: 'visually-hidden' },
      el(
        'tr',
        {},
        ['File', 'Bar', 'Bytes'].map((title) => el('th', { scope: 'col' }, title)),
      ),
    ),
    el(
      'tbody',
      {},
      loaded.map((file) => line(file, 'loaded')),
      other.map((file) => line(file, 'other')),
    ),
  );
}
for (const choice of document.querySelectorAll('input[name="form"]'))
  choice.addEventListener('change', async () => {
    keep();
    draw(await measured());
  });
