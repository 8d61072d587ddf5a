// Where each word looks: small pictures of all heads to choose from, and one head as lines, as a heat map and as a table.
import { el, svg, find } from './dom.mjs';
import { percent } from './format.mjs';

const most_drawn = 28;
let shown = null; // what model.attention() answered
let layer = -1,
  head = -1,
  selected = -1;

const strength = (p) => Math.sqrt(p); // so that 1 % can be seen beside 100 %
const quoted = (word) => (word.startsWith('[') ? word : `“${word}”`);

// The tokens that are drawn: their places.
function places() {
  const all = shown.tokens.map((_, i) => i);
  const specials = find('specials').checked;
  return all.filter((i) => specials || (i > 0 && i < all.length - 1)).slice(0, most_drawn);
}
const probability = (l, h, from, to) => {
  const n = shown.tokens.length;
  return shown.probabilities[((l * shown.heads + h) * n + from) * n + to];
};

// The head in which words look most at words that do not stand beside them: a good first picture.
function liveliest() {
  const n = shown.tokens.length;
  let best = [0, 0],
    most = -1;
  for (let l = 0; l < shown.layers; ++l)
    for (let h = 0; h < shown.heads; ++h) {
      let sum = 0;
      for (let i = 1; i < n - 1; ++i) {
        let far = 0;
        for (let j = 1; j < n - 1; ++j) if (Math.abs(i - j) > 1) far = Math.max(far, probability(l, h, i, j));
        sum += far;
      }
      if (sum > most) ((most = sum), (best = [l, h]));
    }
  return best;
}

export function show(attention) {
  shown = attention;
  find('attention-empty').hidden = true;
  find('attention-body').hidden = false;
  if (layer < 0) [layer, head] = liveliest();
  selected = -1;
  build_heads();
  draw();
}

// --- all heads -------------------------------------------------------------------------------------------------------
function build_heads() {
  const grid = find('heads');
  if (grid.childElementCount !== (shown.layers + 1) * (shown.heads + 1)) {
    const cells = [el('span')];
    for (let h = 0; h < shown.heads; ++h) cells.push(el('span', { 'aria-hidden': 'true' }, h + 1));
    for (let l = 0; l < shown.layers; ++l) {
      cells.push(el('span', { 'aria-hidden': 'true' }, l + 1));
      for (let h = 0; h < shown.heads; ++h)
        cells.push(
          el(
            'button',
            {
              type: 'button',
              role: 'radio',
              'data-at': `${l} ${h}`,
              'aria-label': `Layer ${l + 1}, head ${h + 1}`,
              onclick: () => choose(l, h),
            },
            el('canvas', { 'aria-hidden': 'true' }),
          ),
        );
    }
    grid.replaceChildren(...cells);
  }
  paint_heads();
}
function paint_heads() {
  const all = places(),
    n = all.length;
  const color = getComputedStyle(document.documentElement).getPropertyValue('--accent').trim();
  const [red, green, blue] = [1, 3, 5].map((i) => parseInt(color.slice(i, i + 2), 16));
  for (const button of find('heads').querySelectorAll('button')) {
    const [l, h] = button.dataset.at.split(' ').map(Number),
      canvas = button.firstChild;
    canvas.width = canvas.height = n;
    const pen = canvas.getContext('2d'),
      image = pen.createImageData(n, n);
    for (let i = 0; i < n; ++i)
      for (let j = 0; j < n; ++j)
        image.data.set([red, green, blue, 255 * strength(probability(l, h, all[i], all[j]))], 4 * (i * n + j));
    pen.putImageData(image, 0, 0);
  }
  mark_head();
}
function mark_head() {
  for (const button of find('heads').querySelectorAll('button')) {
    const here = button.dataset.at === `${layer} ${head}`;
    button.setAttribute('aria-checked', here);
    button.tabIndex = here ? 0 : -1;
  }
}
function choose(l, h) {
  [layer, head] = [l, h];
  mark_head();
  draw();
}
find('heads').addEventListener('keydown', (event) => {
  const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
  if (!step || !shown) return;
  event.preventDefault();
  choose((layer + step[0] + shown.layers) % shown.layers, (head + step[1] + shown.heads) % shown.heads);
  find('heads').querySelector('[aria-checked="true"]').focus();
});

// --- one head --------------------------------------------------------------------------------------------------------
function draw() {
  const all = places();
  if (selected >= 0 && !all.includes(selected)) selected = -1;
  find('picture-title').textContent =
    `Layer ${layer + 1}, head ${head + 1}` +
    (shown.tokens.length - (find('specials').checked ? 0 : 2) > all.length ? `, the first ${all.length} pieces` : '');
  find('pictures').classList.toggle('many', all.length > 12);
  find('arcs').replaceChildren(draw_arcs(all));
  find('heat').replaceChildren(draw_heat(all));
  draw_table(all);
  draw_legend();
  say();
}

const cell_for = (n) => Math.max(18, Math.min(44, 420 / n));

// Left: who looks; right: at whom. A line's weight is the share of attention.
function draw_arcs(all) {
  const step = Math.max(26, cell_for(all.length)),
    width = 300,
    left = 108,
    right = width - 108,
    top = 34;
  const y = (k) => top + step * k + step / 2;
  const lines = [];
  for (const [a, from] of all.entries())
    for (const [b, to] of all.entries()) {
      const p = probability(layer, head, from, to);
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
  const words = all.flatMap((i, k) => [
    svg(
      'text',
      { class: 'word', 'data-from': i, x: left, y: y(k) + 4.5, 'text-anchor': 'end' },
      clipped(shown.tokens[i]),
    ),
    svg('text', { class: 'target', 'data-to': i, x: right, y: y(k) + 4.5 }, clipped(shown.tokens[i])),
  ]);
  return svg(
    'svg',
    { viewBox: `0 0 ${width} ${top + step * all.length + 6}`, 'aria-hidden': 'true' },
    svg('text', { x: left, y: 14, 'text-anchor': 'end' }, 'looks'),
    svg('text', { x: right, y: 14 }, 'is looked at'),
    lines,
    words,
  );
}
const clipped = (word) => (word.length > 13 ? `${word.slice(0, 12)}…` : word);

// Rows look at columns. The rows are one stop for the Tab key; arrow keys move between them.
function draw_heat(all) {
  const n = all.length,
    cell = cell_for(n);
  const longest = Math.max(3, ...all.map((i) => clipped(shown.tokens[i]).length));
  const left = 22 + 7.4 * longest,
    top = 26 + 6 * longest;
  const side = n * cell,
    width = left + side + 4.6 * longest;
  const rows = all.map((from, a) => {
    const y = top + a * cell;
    return svg(
      'g',
      {
        role: 'img',
        tabindex: a === Math.max(0, all.indexOf(selected)) ? 0 : -1,
        'data-from': from,
        'aria-label': sentence(from),
      },
      svg('rect', { class: 'ring', x: 1, y, width: left - 1 + side, height: cell, rx: 3 }),
      svg(
        'text',
        { class: 'word', 'data-from': from, x: left - 8, y: y + cell / 2 + 4.5, 'text-anchor': 'end' },
        clipped(shown.tokens[from]),
      ),
      all.map((to, b) =>
        svg('rect', {
          class: 'cell',
          x: left + b * cell + 0.5,
          y: y + 0.5,
          width: cell - 1,
          height: cell - 1,
          rx: 2,
          'fill-opacity': strength(probability(layer, head, from, to)).toFixed(3),
        }),
      ),
    );
  });
  const names = all.map((to, b) =>
    svg(
      'text',
      { transform: `translate(${left + (b + 0.5) * cell + 4} ${top - 8}) rotate(-52)` },
      clipped(shown.tokens[to]),
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
  picture.addEventListener('focusin', ({ target }) => target.dataset.from && select(Number(target.dataset.from)));
  picture.addEventListener('keydown', (event) => {
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (event.key === 'Escape') return select(-1);
    if (!step) return;
    event.preventDefault();
    const groups = [...picture.querySelectorAll('g[tabindex]')],
      at = groups.indexOf(document.activeElement);
    groups[(at + step + groups.length) % groups.length].focus();
  });
  return picture;
}

for (const id of ['arcs', 'heat']) {
  find(id).addEventListener('pointermove', ({ target, pointerType }) => {
    const from = target.closest?.('[data-from]')?.dataset.from;
    if (pointerType === 'mouse' && from !== undefined && target.closest('.arcs .word, g')) select(Number(from));
  });
  find(id).addEventListener('click', ({ target }) => {
    const from = target.closest?.('[data-from]')?.dataset.from;
    select(from === undefined ? -1 : Number(from));
  });
  find(id).addEventListener('pointerleave', ({ pointerType }) => {
    if (pointerType === 'mouse' && !find('heat').contains(document.activeElement)) select(-1);
  });
}

function select(from) {
  if (selected === from) return;
  selected = from;
  say();
}
function sentence(from) {
  const all = shown.tokens.map((_, to) => [probability(layer, head, from, to), to]).sort((a, b) => b[0] - a[0]);
  const told = all.slice(0, 4).filter(([p], i) => i === 0 || p >= 0.03);
  return `${quoted(shown.tokens[from])} gives ${told.map(([p, to]) => `${percent(p)} to ${to === from ? 'itself' : quoted(shown.tokens[to])}`).join(', ')}`;
}
function say() {
  for (const node of document.querySelectorAll('.pictures .arc, .pictures .heat g'))
    node.classList.toggle('faded', selected >= 0 && Number(node.dataset.from) !== selected);
  for (const node of document.querySelectorAll('.pictures .word'))
    node.classList.toggle('on', Number(node.dataset.from) === selected);
  find('focus-note').textContent =
    selected >= 0
      ? `${sentence(selected)}.`
      : 'Point at a word or tap it, or move to a row of the heat map with the Tab and arrow keys, to see where it looks.';
}

function draw_table(all) {
  find('attention-table').replaceChildren(
    el(
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
          all.map((to) => el('th', { scope: 'col' }, shown.tokens[to])),
        ),
      ),
      el(
        'tbody',
        {},
        all.map((from) =>
          el(
            'tr',
            {},
            el('th', { scope: 'row' }, shown.tokens[from]),
            all.map((to) => el('td', {}, percent(probability(layer, head, from, to)))),
          ),
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
find('specials').addEventListener('change', () => {
  if (shown) {
    paint_heads();
    draw();
  }
});
addEventListener('theme', () => {
  if (shown) paint_heads();
});
