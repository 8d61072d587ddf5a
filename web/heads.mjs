// All heads as small pictures to choose from: rows are layers, columns are heads.
import { el, find } from './dom.mjs';
import { strength } from './lens.mjs';

const grid = find('heads');
let lens = null,
  at = [0, 0],
  chosen = () => {};

export const on_choose = (then) => {
  chosen = then;
};

export function show(shown, place, tokens) {
  lens = shown;
  at = place;
  if (grid.childElementCount !== (lens.layers + 1) * (lens.heads + 1)) build();
  paint(tokens);
  mark();
}

function build() {
  const label = (text) => el('span', { 'aria-hidden': 'true' }, text);
  const cells = [el('span')];
  for (let head = 0; head < lens.heads; ++head) cells.push(label(head + 1));
  for (let layer = 0; layer < lens.layers; ++layer) {
    cells.push(label(layer + 1));
    for (let head = 0; head < lens.heads; ++head)
      cells.push(
        el(
          'button',
          {
            type: 'button',
            role: 'radio',
            'data-at': `${layer} ${head}`,
            'aria-label': `Layer ${layer + 1}, head ${head + 1}`,
            onclick: () => choose(layer, head),
          },
          el('canvas', { 'aria-hidden': 'true' }),
        ),
      );
  }
  grid.replaceChildren(...cells);
}

function paint(tokens) {
  const n = tokens.length,
    color = getComputedStyle(document.documentElement).getPropertyValue('--accent').trim(),
    [red, green, blue] = [1, 3, 5].map((i) => parseInt(color.slice(i, i + 2), 16));
  for (const button of grid.querySelectorAll('button')) {
    const [layer, head] = button.dataset.at.split(' ').map(Number),
      canvas = button.firstChild;
    canvas.width = canvas.height = n;
    const pen = canvas.getContext('2d'),
      image = pen.createImageData(n, n);
    for (let i = 0; i < n; ++i)
      for (let j = 0; j < n; ++j)
        image.data.set(
          [red, green, blue, 255 * strength(lens.share(layer, head, tokens[i], tokens[j]))],
          4 * (i * n + j),
        );
    pen.putImageData(image, 0, 0);
  }
}

function mark() {
  for (const button of grid.querySelectorAll('button')) {
    const here = button.dataset.at === at.join(' ');
    button.setAttribute('aria-checked', here);
    button.tabIndex = here ? 0 : -1;
  }
}
function choose(layer, head) {
  at = [layer, head];
  mark();
  chosen(layer, head);
}
grid.addEventListener('keydown', (event) => {
  const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
  if (!step || !lens) return;
  event.preventDefault();
  choose((at[0] + step[0] + lens.layers) % lens.layers, (at[1] + step[1] + lens.heads) % lens.heads);
  grid.querySelector('[aria-checked="true"]').focus();
});
