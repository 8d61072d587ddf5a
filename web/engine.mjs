// The engine that the views share: it is fetched once, and once more where that failed or it stopped.
import { find } from './dom.mjs';
import { bytes } from './format.mjs';
import * as library from './library.mjs';
import { loading_in } from './loading.mjs';

const weights = './engine/minilm_l6.weights',
  loading = loading_in(find('loading'));
let arrived,
  current = null,
  opened = 0, // milliseconds from the page's start, or from the visitor's, to an engine that answers
  tried = false;
let coming = new Promise((settle) => {
  arrived = settle;
});

// -> { model, about, opened }, as soon as it is here; never fails: the visitor sees why and may try again.
export const ready = () => coming;

export async function begin() {
  if (!navigator.connection?.saveData) return start();
  const { measured } = await import('./size.mjs');
  const { weights: size } = await measured().catch(() => ({}));
  loading.offer(
    'Ready when you are',
    [`The model is a download of ${size ? bytes(size) : 'some size'}. Your browser asks sites to save data, so it has not started.`],
    'Download and start',
    start,
  );
}

async function start() {
  const stop = new AbortController(),
    begun = tried ? performance.now() : 0; // the first time: since the page was opened
  let cancelled = false;
  const cancel = () => {
    cancelled = true;
    stop.abort();
  };
  tried = true;
  loading.progress({ phase: 'engine' }, cancel);
  find('status').textContent = 'The model is loading';
  const engine = import('./engine/minilm_l6.mjs').then(({ load }) =>
    load(weights, { tokens: 256, signal: stop.signal, onProgress: (step) => loading.progress(step, cancel) }),
  );
  try {
    const [model] = await Promise.all([engine, library.get(stop.signal)]);
    const about = await model.describe();
    opened = performance.now() - begun;
    current = { model, about, opened };
    await library.open(current);
  } catch (problem) {
    stop.abort(); // what is still on its way
    engine.then(
      (late) => late.dispose(),
      () => {},
    );
    return loading.failed(cancelled ? { code: 'aborted' } : problem, start);
  }
  loading.done();
  find('status').textContent = 'The model is ready';
  arrived(current);
}

// Whatever a view was told: the worker may have stopped, and then everything starts anew.
export function trouble(problem) {
  if (problem.code === 'disposed') return;
  find('status').textContent = problem.message;
  if (problem.code !== 'internal') return;
  current?.model.dispose();
  current = null;
  coming = new Promise((settle) => {
    arrived = settle;
  });
  loading.failed(problem, start);
}
