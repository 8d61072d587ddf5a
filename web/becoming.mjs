// What a word becomes in its sentence: what flows into it layer by layer, and which passages are nearest to its vector
// after the last layer, alone and in the sentence. All of it is computed here.
import { el, find } from './dom.mjs';
import { percent } from './format.mjs';
import * as engine from './engine.mjs';
import { clipped, quoted } from './lens.mjs';
import { bundled } from './library.mjs';

let turn = 0;

export async function show(lens, read, word, tokens) {
  const mine = ++turn;
  find('becoming').hidden = word < 0;
  if (word < 0) return;
  find('becoming-title').textContent = `What ${quoted(lens.tokens[word])} becomes`;
  find('flow').replaceChildren(draw_flow(lens, word, tokens));
  try {
    const found = await meet(read, word);
    if (mine === turn) draw_meaning(lens, word, found);
  } catch (problem) {
    engine.trouble(problem);
  }
}

// A row a layer, a column a token: the share of the word that came from there.
function draw_flow(lens, word, tokens) {
  const cell = (share) => {
    const node = el('td', {}, percent(share));
    node.style.setProperty('--share', `${(100 * Math.sqrt(share)).toFixed(1)}%`);
    return node;
  };
  const names = tokens.map((i) => el('th', { scope: 'col', class: i === word ? 'on' : null }, clipped(lens.tokens[i])));
  const left_out = tokens.length < lens.count;
  return el(
    'table',
    {},
    el(
      'caption',
      { class: 'visually-hidden' },
      `What share of ${quoted(lens.tokens[word])} came from each word, after each layer`,
    ),
    el(
      'thead',
      {},
      el(
        'tr',
        {},
        el('th', { scope: 'col' }, 'After'),
        names,
        left_out && el('th', { scope: 'col' }, tokens.length === lens.count - 2 ? 'marks' : 'the rest'),
      ),
    ),
    el(
      'tbody',
      {},
      lens.flow(word).map((row, layer) =>
        el(
          'tr',
          {},
          el('th', { scope: 'row' }, layer ? `layer ${layer}` : 'the input'),
          tokens.map((i) => cell(row[i])),
          left_out && el('td', { class: 'left' }, percent(1 - tokens.reduce((sum, i) => sum + row[i], 0))),
        ),
      ),
    ),
  );
}

const dot = (a, b) => a.reduce((sum, value, i) => sum + value * b[i], 0);
const unit = (vector) => {
  const length = Math.sqrt(dot(vector, vector));
  return vector.map((value) => value / length);
};

// The word's vectors and their nearest passages: in its sentence, and with nothing around it but the two marks.
async function meet({ ids, segments }, word) {
  const { model, about } = await engine.ready();
  const vector = async (input_ids, token_type_ids, at) => {
    const { last_hidden_state } = await model.run({ input_ids: [input_ids], token_type_ids: [token_type_ids] });
    return unit(last_hidden_state.data.slice(at * about.width, (at + 1) * about.width));
  };
  const inside = await vector(ids, segments, word),
    alone = await vector([ids[0], ids[word], ids.at(-1)], [0, 0, 0], 1);
  const nearest = async (query) => {
    const { hits } = await bundled.index.search(query, 4);
    return hits.map(({ index, score }) => ({ ...bundled.passages[index], score }));
  };
  return { cosine: dot(inside, alone), alone: await nearest(alone), inside: await nearest(inside) };
}

function draw_meaning(lens, word, { cosine, alone, inside }) {
  const name = quoted(lens.tokens[word]);
  const before = alone.map(({ title, text }) => title ?? text);
  const list = (title, passages, mark) =>
    el(
      'div',
      {},
      el('h4', {}, title),
      el(
        'ol',
        {},
        passages.map(({ title: passage, text, score }) =>
          el(
            'li',
            { class: mark && !before.includes(passage ?? text) ? 'new' : null },
            el('span', {}, passage ?? text.slice(0, 60)),
            el('span', { class: 'number' }, score.toFixed(2)),
          ),
        ),
      ),
    );
  find('meaning').replaceChildren(list(`${name} alone`, alone, false), list(`${name} in your sentence`, inside, true));
  const angle = Math.round((Math.acos(Math.max(-1, Math.min(1, cosine))) * 180) / Math.PI);
  find('turned').textContent =
    `Its sentence turned the vector by ${angle} degrees (cosine ${cosine.toFixed(2)}). ` +
    'The numbers are cosines too; bold is what the sentence brought in.';
}
