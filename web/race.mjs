// The view #race?tokens=8,128&rounds=15: this engine against onnxruntime-web, on the visitor's machine. The peer is fetched only when asked for,
// from this page's own server; where it is not there, the two builds of this engine race each other.
import { el, find } from './dom.mjs';
import { bytes, milliseconds, plural } from './format.mjs';
import * as engine from './engine.mjs';
import { bundled } from './library.mjs';
import { geometric_mean } from './statistics.mjs';
import { measured } from './size.mjs';

let lengths = [8, 16, 32, 64, 128, 256],
  rounds = 15,
  peer = null,
  worker = null,
  rows = [],
  names = [];

export async function enter(parameters) {
  const wanted = (parameters.get('tokens') ?? '').split(',').map(Number),
    often = Number(parameters.get('rounds'));
  if (wanted.every((n) => Number.isInteger(n) && n >= 3 && n <= 256)) lengths = wanted;
  if (Number.isInteger(often) && often >= 1 && often <= 99) rounds = often;
  if (worker || rows.length) return;
  peer = (await measured().catch(() => null))?.peer ?? null;
  const start = find('race-start');
  find('race-pair').textContent = peer ? `Constformer and ${peer.name} ${peer.version}` : 'Two builds of Constformer';
  find('race-note').textContent = peer
    ? 'Nothing of it is fetched before you start. It comes from the server of this page, and both answers are compared.'
    : 'onnxruntime-web is not beside this page, so the build with relaxed SIMD races the one without. ' +
      'Whoever serves the page can add it: run bench/run web --prepare, then tools/site.';
  const download = peer && peer.files.reduce((sum, file) => sum + file.raw, peer.model.raw);
  start.textContent = peer ? `Fetch ${peer.name} (${bytes(download)}) and race` : 'Race the two builds';
  start.hidden = false;
}
// Another view needs the processor, and the memory that two models take.
export const leave = () => stop('Stopped, since you left this view.');

async function begin() {
  find('race-start').hidden = true;
  find('race-stop').hidden = false;
  find('race-found').hidden = true;
  find('race-status').textContent = 'Waiting for the model…';
  rows = [];
  const mine = (worker = new Worker(new URL('./race_worker.mjs', import.meta.url), { type: 'module', name: 'race' }));
  mine.onmessage = ({ data }) => mine === worker && told(data);
  mine.onerror = (event) => {
    event.preventDefault();
    if (mine === worker) told({ failed: event.message || 'its script could not be loaded' });
  };
  await engine.ready(); // its weights are then in the browser's own storage, or will soon be
  if (mine === worker)
    mine.postMessage({
      texts: bundled.passages
        .map(({ text }) => text)
        .join(' ')
        .slice(0, 6000),
      lengths,
      rounds,
      peer,
    });
}
function stop(why) {
  if (!worker) return;
  worker.terminate();
  worker = null;
  find('race-start').hidden = false;
  find('race-stop').hidden = true;
  find('race-status').textContent = why;
  find('status').textContent = `${why} ${rows.length ? find('race-ratio').textContent : ''}`; // rounds are not read aloud
  if (rows.length) find('race-start').textContent = 'Race again';
}
find('race-start').addEventListener('click', () => {
  begin();
  find('race-stop').focus();
});
find('race-stop').addEventListener('click', () => {
  stop('Stopped.');
  find('race-start').focus();
});

function told({ phase, progress, names: entrants, row, failed, done }) {
  if (phase) find('race-status').textContent = phase;
  if (progress) find('race-status').textContent = `${bytes(progress.loaded)} of ${bytes(progress.total)} of its model`;
  if (entrants) names = entrants;
  if (row) {
    rows[row.n] = row;
    draw();
  }
  if (failed) stop(`The race broke off: ${failed}`);
  if (done) {
    const focused = document.activeElement === find('race-stop');
    stop(`Done: ${plural(rounds, 'round')}.`);
    if (focused) find('race-start').focus();
  }
}

function draw() {
  const all = rows.filter(Boolean),
    ratios = all.map(({ medians: [ours, theirs] }) => theirs / ours),
    mean = geometric_mean(ratios);
  find('race-found').hidden = false;
  find('race-ratio').replaceChildren(
    `${mean.toFixed(2)} times as fast`,
    ' ',
    el('small', {}, `${names[0]} beside ${names[1]}, the mean over all lengths`),
  );
  const least = Math.min(...all.map((row) => row.cosine));
  find('race-cosine').textContent =
    least > 0.99999
      ? `Both give the same embeddings: the least cosine between them is ${least.toFixed(7)}.`
      : `The answers differ: the least cosine between them is ${least.toFixed(4)}. Then the times say nothing.`;
  const table = find('race-rows');
  table.tHead.replaceChildren(
    el(
      'tr',
      {},
      ['Tokens', 'Milliseconds, shorter is better', 'Ratio'].map((title) => el('th', { scope: 'col' }, title)),
    ),
  );
  table.tBodies[0].replaceChildren(...all.map((row, i) => draw_row(row, ratios[i])));
}
function draw_row({ tokens, medians }, ratio) {
  const longest = Math.max(...medians);
  const bar = (which) => {
    const length = el('i', { 'aria-hidden': 'true' });
    length.style.width = `${(100 * medians[which]) / longest}%`;
    return el(
      'div',
      { class: `bar-line ${which ? 'theirs' : 'ours'}` },
      el('span', { class: 'bar-name' }, names[which]),
      el('span', { class: 'track', 'aria-hidden': 'true' }, length),
      el('span', { class: 'number' }, milliseconds(medians[which])),
    );
  };
  return el(
    'tr',
    {},
    el('th', { scope: 'row' }, tokens),
    el('td', {}, bar(0), bar(1)),
    el('td', { class: 'number' }, `${ratio.toFixed(2)}×`),
  );
}
