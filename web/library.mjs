// The passages that come with the page, as an index beside the engine.
import { find } from './dom.mjs';
import { seconds, whole } from './format.mjs';
import * as corpus from './corpus.mjs';

// passages: what the index holds, in its order. how: a title, a note, and check(progress) where there is something to check.
export const bundled = { passages: [], index: null, how: null };
let came = null;

export async function get(signal) {
  came ??= await corpus.bundled(signal);
  bundled.passages = came.passages;
}

// Shipped vectors of this very model are taken; otherwise they are computed, and search sees those that are done.
export async function open({ model, about }) {
  const texts = came.passages.map(corpus.embedded),
    shipped = came.model === about.manifest ? came.vectors : null,
    begun = performance.now();
  const index = await model.index([], { vectors: shipped ?? undefined });
  Object.assign(bundled, { index, how: null });
  find('bundled-label').textContent = `${came.passages.length} bundled passages`;
  const tell = (note, check) => {
    bundled.how = { title: `${texts.length} vectors`, note, check };
    dispatchEvent(new Event('passages'));
  };
  if (shipped)
    return tell('made when this site was built, by the same headers', (progress) =>
      compare(model, about, texts, shipped, progress),
    );
  let told = 0;
  index
    .add(texts, {
      onProgress: ({ loaded, total }) => {
        find('indexing').hidden = loaded === total;
        find('indexing').textContent = `Reading the passages: ${loaded} of ${total}. You can search those already.`;
        if (performance.now() - told < 400) return;
        told = performance.now();
        dispatchEvent(new Event('passages')); // the ranking grows with them
      },
    })
    .then(
      () => tell(`computed here in ${seconds(performance.now() - begun)}`),
      (problem) => {
        find('indexing').textContent = problem.message;
      },
    );
}

// The shipped vectors, computed once more by this browser. -> what came of it, as a sentence
async function compare(model, about, texts, shipped, progress) {
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
