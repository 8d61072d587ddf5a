// Where the time of one query went.
import { el, find } from './dom.mjs';
import { milliseconds, plural } from './format.mjs';

const labels = {
  tokens: 'Tokenize',
  embeddings: 'Embeddings',
  attention: 'Attention',
  'feed forward': 'Feed-forward',
  pooling: 'Pooling',
  search: 'Search',
};

export function show({ stages, tokens }, passages) {
  const total = stages.reduce((sum, { ms }) => sum + ms, 0);
  find('timing').hidden = false;
  find('total').replaceChildren(milliseconds(total), ' ', el('small', {}, 'ms'));
  find('stages-bar').replaceChildren(
    ...stages.map(({ ms }, i) => {
      const part = el('i');
      part.style.flex = `${ms} 0 0`;
      part.style.background = `var(--s${(i % 7) + 1})`;
      return part;
    }),
  );
  find('stages').tBodies[0].replaceChildren(
    ...stages.map(({ name, ms }, i) => {
      const head = el('th', { scope: 'row' }, labels[name] ?? name);
      head.style.setProperty('--swatch', `var(--s${(i % 7) + 1})`);
      return el('tr', {}, head, el('td', {}, `${milliseconds(ms)} ms`));
    }),
  );
  find('timing-note').textContent =
    `${plural(tokens, 'token')} read, ${plural(passages, 'passage')} compared, one thread. ` +
    'Browsers round this clock, most of them to 0.1 ms.';
}
