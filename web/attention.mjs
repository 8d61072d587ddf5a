// The view #attention?text=…&layer=…&head=…&word=…: a sentence of the visitor, every layer and head, and one word of it.
import { el, find } from './dom.mjs';
import * as becoming from './becoming.mjs';
import * as engine from './engine.mjs';
import * as heads from './heads.mjs';
import { Lens } from './lens.mjs';
import * as picture from './picture.mjs';
import { remember } from './views.mjs';

const field = find('sentence'),
  most_drawn = 28;
let lens = null,
  read = null, // { text, ids, segments } of what is shown
  place = null, // [layer, head]
  word = -1, // a token's place; -1: none
  hoped = null; // a word to choose once its sentence has been read

const drawn = () => lens.places(find('specials').checked, most_drawn);
const keep = () =>
  lens &&
  remember('attention', {
    text: read.text,
    layer: place[0] + 1,
    head: place[1] + 1,
    word: word >= 0 ? word : '',
  });

export function enter(parameters) {
  const text = parameters.get('text'),
    number = (name) => (parameters.has(name) ? Number(parameters.get(name)) : NaN);
  if (number('layer') >= 1 && number('head') >= 1) place = [number('layer') - 1, number('head') - 1];
  if (parameters.has('word')) hoped = number('word');
  if (text !== null) field.value = text;
  else if (!field.value) {
    const example = find('sentences').firstElementChild; // what was searched for, else an example
    field.value = find('query').value.trim() || example.textContent;
    if (field.value === example.textContent) hoped = example.dataset.word;
  }
  if (lens && read.text === field.value.trim()) show();
  else look();
}

// --- a sentence: at most one is with the engine ------------------------------------------------------------------------
let wanted = null,
  busy = false;
async function look() {
  wanted = field.value.trim();
  if (busy) return;
  busy = true;
  try {
    while (wanted !== null) {
      const { model } = await engine.ready(),
        text = wanted;
      wanted = null;
      const { ids, segments } = await model.tokenize(text, { truncate: true });
      if (ids.length < 3) {
        find('attention-body').hidden = true; // nothing but the two marks
        lens = null;
        remember('attention', {});
        continue;
      }
      const seen = await model.attention(text, { truncate: true });
      const before = lens?.tokens[word]; // while one types the chosen word stays
      hoped ??= seen.tokens.includes(before) ? before : longest(seen);
      lens = new Lens(seen);
      read = { text, ids, segments };
      show();
    }
  } catch (problem) {
    engine.trouble(problem);
  } finally {
    busy = false;
  }
}
function show() {
  find('attention-body').hidden = false;
  if (hoped !== null) {
    const at = typeof hoped === 'string' ? lens.tokens.indexOf(hoped) : hoped;
    word = Number.isInteger(at) && at >= 0 && at < lens.count ? at : -1;
    hoped = null;
  }
  const [layer, head] = place ?? [-1, -1];
  if (!(layer >= 0 && layer < lens.layers && head >= 0 && head < lens.heads)) place = lens.liveliest(word);
  draw_words();
  draw();
}
function draw() {
  const tokens = drawn();
  if (word >= 0 && !tokens.includes(word)) word = -1;
  heads.show(lens, place, tokens);
  picture.show(lens, place, tokens, word);
  becoming.show(lens, read, word, tokens);
  keep();
}

// A word to begin with: the longest is hardly ever one that only joins others.
const longest = ({ tokens }) =>
  tokens.reduce((best, token) => (/^[^[#]/.test(token) && token.length > best.length ? token : best), '');

// --- the word --------------------------------------------------------------------------------------------------------
function draw_words() {
  find('words').replaceChildren(
    ...drawn().map((i) =>
      el('button', { type: 'button', role: 'radio', 'data-at': i, onclick: () => choose(i) }, lens.tokens[i]),
    ),
  );
  find('pieces').hidden = !drawn().some((i) => lens.tokens[i].startsWith('##'));
  mark_word();
}
function mark_word() {
  const all = [...find('words').children],
    on = all.find((button) => Number(button.dataset.at) === word);
  for (const button of all) {
    button.setAttribute('aria-checked', button === on);
    button.tabIndex = button === (on ?? all[0]) ? 0 : -1;
  }
}
function choose(chosen) {
  word = chosen === word ? -1 : chosen; // a second time lets it go
  mark_word();
  picture.select(word);
  becoming.show(lens, read, word, drawn());
  keep();
}
find('words').addEventListener('keydown', (event) => {
  const step = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[event.key],
    all = [...find('words').children],
    here = all.indexOf(document.activeElement);
  if (!step || here < 0) return;
  event.preventDefault();
  const next = all[(here + step + all.length) % all.length];
  choose(Number(next.dataset.at));
  next.focus();
});

heads.on_choose((layer, head) => {
  place = [layer, head];
  picture.show(lens, place, drawn(), word);
  keep();
});
picture.on_choose(choose);
find('specials').addEventListener('change', () => lens && show());
addEventListener('theme', () => lens && heads.show(lens, place, drawn()));

let timer = 0;
field.addEventListener('input', () => {
  clearTimeout(timer);
  timer = setTimeout(look, 120);
});
find('sentences').addEventListener('click', ({ target }) => {
  if (target.localName !== 'button') return;
  field.value = target.textContent;
  hoped = target.dataset.word;
  if (lens && read.text === field.value) show();
  else look();
});
