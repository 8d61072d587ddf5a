// One head as lines, as a heat map and as a table. Pointing at a word shows where it looks; a click or Enter chooses it.
import { el, svg, find } from './dom.mjs';
import { percent } from './format.mjs';
import { clipped, quoted, strength } from './lens.mjs';

let lens = null,
  layer = 0,
  head = 0,
  word = -1, // the chosen one
  pointed = -1,
  chosen = () => {};

export const on_choose = (then) => {
  chosen = then;
};
const share = (from, to) => lens.share(layer, head, from, to);

export function show(shown, place, tokens, selected) {
  lens = shown;
  [layer, head] = place;
  word = selected;
  pointed = -1;
  const left_out = lens.count - (find('specials').checked ? 0 : 2) - tokens.length;
  find('picture-title').textContent =
    `Layer ${layer + 1}, head ${head + 1}` + (left_out > 0 ? `, the first ${tokens.length} pieces` : '');
  find('pictures').classList.toggle('many', tokens.length > 12);
  find('arcs').replaceChildren(draw_arcs(tokens));
  find('heat').replaceChildren(draw_heat(tokens));
  find('attention-table').replaceChildren(draw_table(tokens));
  draw_legend();
  say();
}
export function select(selected) {
  word = selected;
  pointed = -1;
  say();
}

const cell_for = (n) => Math.max(18, Math.min(32, 420 / n));

// Left: who looks; right: at whom. A line's weight is the share of attention.
function draw_arcs(tokens) {
  const step = Math.max(26, cell_for(tokens.length)),
    width = 300,
    left = 108,
    right = width - 108,
    top = 34;
  const y = (k) => top + step * k + step / 2;
  const lines = [];
  for (const [a, from] of tokens.entries())
    for (const [b, to] of tokens.entries()) {
      const p = share(from, to);
      if (p < 0.015) continue;
      lines.push(
        svg('path', {
          class: 'arc',
          'data-from': from,
          'stroke-width': (0.75 + 4 * p).toFixed(2),
          'stroke-opacity': strength(p).toFixed(3),
          d: `M${left + 6} ${y(a)}C${left + 40} ${y(a)} ${right - 40} ${y(b)} ${right - 6} ${y(b)}`,
        }),
      );
    }
  const words = tokens.flatMap((i, k) => [
    svg(
      'text',
      { class: 'word', 'data-from': i, x: left, y: y(k) + 4.5, 'text-anchor': 'end' },
      clipped(lens.tokens[i]),
    ),
    svg('text', { class: 'target', 'data-to': i, x: right, y: y(k) + 4.5 }, clipped(lens.tokens[i])),
  ]);
  return svg(
    'svg',
    { viewBox: `0 0 ${width} ${top + step * tokens.length + 6}`, 'aria-hidden': 'true' },
    svg('text', { x: left, y: 14, 'text-anchor': 'end' }, 'looks'),
    svg('text', { x: right, y: 14 }, 'is looked at'),
    lines,
    words,
  );
}

// Rows look at columns. The rows are one stop for the Tab key; arrow keys move between them.
function draw_heat(tokens) {
  const n = tokens.length,
    cell = cell_for(n),
    longest = Math.max(3, ...tokens.map((i) => clipped(lens.tokens[i]).length));
  const left = 22 + 7.4 * longest,
    top = 26 + 6 * longest,
    side = n * cell,
    width = left + side + 4.6 * longest;
  const rows = tokens.map((from, a) => {
    const y = top + a * cell;
    return svg(
      'g',
      {
        role: 'img',
        tabindex: a === Math.max(0, tokens.indexOf(word)) ? 0 : -1,
        'data-from': from,
        'aria-label': sentence(from),
      },
      svg('rect', { class: 'ring', x: 1, y, width: left - 1 + side, height: cell, rx: 3 }),
      svg(
        'text',
        { class: 'word', 'data-from': from, x: left - 8, y: y + cell / 2 + 4.5, 'text-anchor': 'end' },
        clipped(lens.tokens[from]),
      ),
      tokens.map((to, b) =>
        svg('rect', {
          class: 'cell',
          x: left + b * cell + 0.5,
          y: y + 0.5,
          width: cell - 1,
          height: cell - 1,
          rx: 2,
          'fill-opacity': strength(share(from, to)).toFixed(3),
        }),
      ),
    );
  });
  const names = tokens.map((to, b) =>
    svg(
      'text',
      { transform: `translate(${left + (b + 0.5) * cell + 4} ${top - 8}) rotate(-52)` },
      clipped(lens.tokens[to]),
    ),
  );
  const picture = svg(
    'svg',
    { viewBox: `0 0 ${width} ${top + side + 2}`, role: 'group', 'aria-label': 'Heat map of attention, one row a word' },
    svg('rect', { class: 'ground', x: left, y: top, width: side, height: side, rx: 4 }),
    names,
    rows,
  );
  picture.style.maxWidth = `${width}px`;
  return picture;
}

function draw_table(tokens) {
  return el(
    'table',
    {},
    el(
      'caption',
      { class: 'visually-hidden' },
      `Layer ${layer + 1}, head ${head + 1}: what share of its attention the word of a row gives to the word of a column`,
    ),
    el(
      'thead',
      {},
      el(
        'tr',
        {},
        el('td'),
        tokens.map((to) => el('th', { scope: 'col' }, lens.tokens[to])),
      ),
    ),
    el(
      'tbody',
      {},
      tokens.map((from) =>
        el(
          'tr',
          {},
          el('th', { scope: 'row' }, lens.tokens[from]),
          tokens.map((to) => el('td', {}, percent(share(from, to)))),
        ),
      ),
    ),
  );
}

const draw_legend = () =>
  find('legend').replaceChildren(
    el('em', {}, 'A word gives'),
    ...[0.01, 0.1, 0.5, 1].map((p) => {
      const swatch = el('i');
      swatch.style.opacity = strength(p);
      return el('span', {}, swatch, percent(p));
    }),
    `of its attention.${find('specials').checked ? '' : ' What a row lacks of 100 % goes to [CLS] and [SEP].'}`,
  );

// --- where one word looks --------------------------------------------------------------------------------------------
function sentence(from) {
  const all = lens.tokens.map((_, to) => [share(from, to), to]).sort((a, b) => b[0] - a[0]);
  const told = all.slice(0, 4).filter(([p], i) => i === 0 || p >= 0.03);
  return `${quoted(lens.tokens[from])} gives ${told.map(([p, to]) => `${percent(p)} to ${to === from ? 'itself' : quoted(lens.tokens[to])}`).join(', ')}`;
}
function say() {
  const from = pointed >= 0 ? pointed : word;
  for (const node of document.querySelectorAll('.pictures .arc, .pictures .heat g'))
    node.classList.toggle('faded', from >= 0 && Number(node.dataset.from) !== from);
  for (const node of document.querySelectorAll('.pictures .word'))
    node.classList.toggle('on', Number(node.dataset.from) === from);
  find('focus-note').textContent = from >= 0 ? `${sentence(from)}.` : 'Choose a word to see where it looks.';
}
function point(from) {
  if (pointed === from) return;
  pointed = from;
  say();
}

const at = ({ target }) => Number(target.closest?.('[data-from]')?.dataset.from ?? -1);
for (const picture of [find('arcs'), find('heat')]) {
  picture.addEventListener('pointermove', (event) => {
    if (event.pointerType === 'mouse' && event.target.closest('.arcs .word, g')) point(at(event));
  });
  picture.addEventListener('pointerleave', ({ pointerType }) => pointerType === 'mouse' && point(-1));
  picture.addEventListener('click', (event) => chosen(at(event)));
}
find('heat').addEventListener('focusin', (event) => point(at(event)));
find('heat').addEventListener('focusout', () => point(-1));
find('heat').addEventListener('keydown', (event) => {
  if (event.key === 'Enter' || event.key === ' ') {
    event.preventDefault();
    return chosen(at(event));
  }
  if (event.key === 'Escape') return chosen(-1);
  const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
  if (!step) return;
  event.preventDefault();
  const rows = [...find('heat').querySelectorAll('g[tabindex]')],
    here = rows.indexOf(document.activeElement);
  rows[(here + step + rows.length) % rows.length].focus();
});
