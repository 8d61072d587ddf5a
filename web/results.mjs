// The list of nearest passages, which moves as the ranking changes.
import { el, find } from './dom.mjs';

const list = find('results');
const items = new Map(); // passage -> its list item
let ranks = new Map(); // passage -> its rank in the ranking before

// hits: [{ passage, score }], best first
export function show(hits, { animate }) {
  const before = new Map(Array.from(items, ([passage, item]) => [passage, item.getBoundingClientRect().top]));
  const now = new Map(hits.map(({ passage }, rank) => [passage, rank + 1]));
  for (const [passage, item] of items)
    if (!now.has(passage)) {
      item.remove();
      items.delete(passage);
    }
  for (const { passage, score } of hits) {
    const rank = now.get(passage),
      last = ranks.get(passage);
    if (!items.has(passage)) items.set(passage, item_of(passage));
    const item = items.get(passage),
      number = score.toFixed(3);
    item.querySelector('.rank').textContent = rank;
    item.querySelector('.number').textContent = number;
    item.querySelector('b i').style.width = `${Math.max(0, Math.min(1, score)) * 100}%`;
    const moved = item.querySelector('.moved'),
      up = last && last > rank;
    moved.textContent = last && last !== rank ? `${up ? '↑' : '↓'}${Math.abs(last - rank)}` : '';
    moved.classList.toggle('up', Boolean(up));
    list.append(item);
  }
  ranks = now;
  if (!animate || matchMedia('(prefers-reduced-motion: reduce)').matches) return;
  for (const [passage, item] of items) {
    const by = (before.get(passage) ?? item.getBoundingClientRect().top) - item.getBoundingClientRect().top;
    if (!by) continue;
    item.style.transition = 'none';
    item.style.transform = `translateY(${by}px)`;
    requestAnimationFrame(() =>
      requestAnimationFrame(() => {
        item.style.transition = '';
        item.style.transform = '';
      }),
    );
  }
}

export function clear() {
  list.replaceChildren();
  items.clear();
  ranks = new Map();
}

const item_of = ({ title, text }) =>
  el(
    'li',
    { class: title ? null : 'plain' },
    el('span', { class: 'rank', 'aria-hidden': 'true' }),
    el('div', {}, title ? el('div', { class: 'title' }, title) : null, el('div', { class: 'text' }, text)),
    el(
      'div',
      { class: 'score' },
      el('span', { class: 'moved', 'aria-hidden': 'true' }),
      el('span', { class: 'visually-hidden' }, 'Similarity '),
      el('span', { class: 'number' }),
      el('b', { 'aria-hidden': 'true' }, el('i')),
    ),
  );
