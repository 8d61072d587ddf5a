// The memory of the engine, drawn to scale: the weights as they lie in their file, then scratch, then the rest.
import { el, find, svg } from './dom.mjs';
import { bytes, whole } from './format.mjs';

const header = 128; // of a weights file
const names = {
  words: 'Word vectors',
  places: 'Positions, segments and their norm',
  attention: 'Layers: attention',
  ffn: 'Layers: feed-forward',
  pooler: 'Pooler',
  padding: 'Scales and padding',
  text: 'Vocabulary, as text',
  scratch: 'Scratch of a forward',
  rest: 'The rest',
};

// What lies where, in order: [{ kind, size, mark }]. Sizes follow from the type's constants; what they leave of the
// struct is its padding, what the file and scratch leave of the memory is the rest.
export function parts(about) {
  const { width, feed_forward, type } = about,
    kind = /, (\w+)/.exec(type)?.[1],
    element = { bf16: 2, i8: 1, q8: 1.0625, q4: 0.625 }[kind] ?? 4, // of a matrix, scales of blocks included
    word = kind === 'q8' || kind === 'q4' ? element : 4; // of the table of words; everything else is f32
  const linear = (from, to) => element * from * to + 4 * to,
    norm = 8 * width;
  const all = [
    { kind: 'words', size: word * about.vocabulary * width },
    { kind: 'places', size: 4 * (about.positions + about.segments) * width + norm },
  ];
  for (let layer = 1; layer <= about.layers; ++layer)
    all.push(
      { kind: 'attention', size: 4 * linear(width, width) + norm, mark: layer },
      { kind: 'ffn', size: linear(width, feed_forward) + linear(feed_forward, width) + norm },
    );
  if (about.outputs.some(({ name }) => name === 'pooler_output'))
    all.push({ kind: 'pooler', size: linear(width, width) });
  const padding = about.weights_struct_bytes - all.reduce((sum, { size }) => sum + size, 0);
  const scratch = about.scratch[about.longest] ?? Object.values(about.scratch).at(-1);
  all.push({ kind: 'padding', size: padding });
  all.push({ kind: 'text', size: about.weights_bytes - about.weights_struct_bytes });
  all.push({ kind: 'scratch', size: scratch });
  all.push({ kind: 'rest', size: about.memory_bytes - about.weights_bytes - scratch });
  return all.filter(({ size }) => size > 0);
}

export function show(about) {
  const all = parts(about);
  find('memory-title').textContent = `${bytes(about.memory_bytes)} of memory, to scale`;
  find('memory-note').textContent =
    `This is all of it: the browser gives it at the start, and it does not grow while you search. ` +
    `${bytes(about.memory_bytes - about.weights_bytes)} of it are not weights.`;
  find('map').replaceChildren(draw(all, about.memory_bytes));
  draw_table(all, about);
}

// Lines of one length in bytes, one below the other, as text is written; a part that does not fit goes on in the next.
function draw(all, total) {
  const line = 4 * 2 ** 20,
    wide = 1000,
    high = 30,
    pitch = 34,
    lines = Math.ceil(total / line);
  const boxes = [];
  let begin = 0;
  for (const { kind, size, mark } of all) {
    const end = begin + size;
    for (let row = Math.floor(begin / line); row * line < end; ++row) {
      const from = Math.max(begin, row * line) - row * line,
        to = Math.min(end, (row + 1) * line) - row * line;
      boxes.push(
        svg('rect', {
          class: `of-${kind}`,
          'data-kind': kind,
          x: ((wide * from) / line).toFixed(2),
          y: row * pitch,
          width: ((wide * (to - from)) / line).toFixed(2),
          height: high,
        }),
      );
      if (mark && row === Math.floor(begin / line))
        boxes.push(svg('text', { x: (wide * from) / line + 8, y: row * pitch + 22 }, mark));
    }
    begin = end;
  }
  return svg(
    'svg',
    {
      viewBox: `0 0 ${wide} ${lines * pitch}`,
      role: 'img',
      'aria-label': `Memory map: ${lines} lines of ${bytes(line)} each; the table beside it says what they hold`,
    },
    boxes,
  );
}

function draw_table(all, about) {
  const sums = new Map();
  for (const { kind, size } of all) sums.set(kind, (sums.get(kind) ?? 0) + size);
  const notes = {
    words: `${whole(about.vocabulary)} rows of ${about.width} numbers`,
    attention: `${about.layers} layers, marked 1 to ${about.layers} in the map`,
    ffn: `${about.layers} layers, ${about.width} to ${whole(about.feed_forward)} and back`,
    text: `with the file's header of ${header} bytes`,
    scratch: `for ${about.longest} tokens, known at compile time`,
    rest: 'tokens, results, tables of the tokenizer, stack',
  };
  const light = (kind) => {
    for (const box of find('map').querySelectorAll('rect'))
      box.classList.toggle('faded', kind !== null && box.dataset.kind !== kind);
  };
  find('memory-table').tBodies[0].replaceChildren(
    ...Array.from(sums, ([kind, size]) =>
      el(
        'tr',
        { onpointerenter: () => light(kind), onpointerleave: () => light(null) },
        el(
          'th',
          { scope: 'row' },
          el(
            'div',
            {},
            el('i', { class: `swatch of-${kind}`, 'aria-hidden': 'true' }),
            el('span', {}, names[kind], notes[kind] ? el('small', {}, notes[kind]) : null),
          ),
        ),
        el('td', { class: 'number' }, whole(size)),
        el('td', { class: 'number' }, `${((100 * size) / about.memory_bytes).toFixed(1)} %`),
      ),
    ),
  );
}
