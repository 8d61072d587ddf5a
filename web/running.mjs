// The view #running: the type, its constants, its memory, its build. All are numbers of the engine itself, of the browser's
// own measurements, or of this visit.
import { el, find } from './dom.mjs';
import * as engine from './engine.mjs';
import { bytes, plural, seconds, whole } from './format.mjs';
import { bundled } from './library.mjs';
import * as memory from './memory.mjs';

export async function enter() {
  const [{ model, opened }, { supports }] = await Promise.all([engine.ready(), import('./engine/minilm_l6.mjs')]);
  const about = await model.describe(); // memory as it is now
  show(about, supports(), opened);
  memory.show(about);
}
addEventListener('passages', () => find('running').hidden || enter());

const grouped = (n) => String(n).replace(/\B(?=(\d{3})+$)/g, "'"); // as C++ writes it

// Code, with the little coloring that it needs.
function colored(text) {
  const parts = text.split(
    /(\/\/.*|\b(?:inline|constexpr|using|static_assert)\b|\b(?:bert|bert_config|f32|parameters)\b|\b\d[\d']*\b)/,
  );
  return parts.map((part, i) =>
    i % 2 === 0
      ? part
      : el(
          'span',
          {
            class: part.startsWith('//')
              ? 'c'
              : /^\d/.test(part)
                ? 'n'
                : /^(inline|constexpr|using|static_assert)$/.test(part)
                  ? 'k'
                  : 't',
          },
          part,
        ),
  );
}

// What a file took, by the browser's own account; null where it says nothing.
function size_of(name) {
  const entry = performance.getEntriesByType('resource').find(({ name: url }) => new URL(url).pathname.endsWith(name));
  return entry?.decodedBodySize || null;
}

function show(about, can, opened) {
  const passages = bundled.how;
  find('running-empty').hidden = true;
  find('running-body').hidden = false;
  const precision = /, (\w+)/.exec(about.type)?.[1] ?? 'f32',
    scratch = about.scratch[about.longest] ?? Object.values(about.scratch).at(-1);
  find('code').replaceChildren(
    ...colored(
      `// the architecture is a type…\ninline constexpr bert_config ${about.name}{\n    .layers = ${about.layers}, .width = ${about.width}, .heads = ${about.heads},\n` +
        `    .feed_forward = ${about.feed_forward}, .vocabulary = ${about.vocabulary},\n    .positions = ${about.positions}};\nusing embedder = bert<${about.name}, ${precision}>;\n\n` +
        `// …its size and its memory are constants\nstatic_assert(parameters<embedder>() == ${grouped(about.parameters)});\n` +
        `static_assert(sizeof(embedder) == ${grouped(about.weights_struct_bytes)});\nstatic_assert(embedder::scratch(${about.longest}) == ${grouped(scratch)});`,
    ),
  );
  const script = size_of('/engine/minilm_l6.mjs');
  const facts = [
    [
      'Type',
      el('code', {}, `bert<${about.name}, ${precision}>`),
      precision === 'f32'
        ? 'every weight as a 32-bit float, nothing quantized'
        : `its matrices are stored as ${precision}`,
    ],
    [
      'Parameters',
      whole(about.parameters),
      `${plural(about.layers, 'layer')}, ${about.heads} heads, width ${about.width}`,
    ],
    [
      'Engine',
      bytes(about.module_bytes + (script ?? 0)),
      script
        ? `WebAssembly ${bytes(about.module_bytes)} and JavaScript ${bytes(script)}, before compression`
        : 'WebAssembly, before compression',
    ],
    [
      'Weights',
      bytes(about.weights_bytes),
      about.weights_from === 'cache'
        ? 'this time out of this browser’s own storage'
        : 'this time from the server, vocabulary included',
    ],
    ['Scratch', bytes(scratch), `for ${about.longest} tokens; known at compile time, nothing is allocated later`],
    [
      'Build',
      about.build,
      `${can.relaxed ? 'the faster one: this browser has relaxed SIMD, and with it fused multiply-add' : 'this browser has no relaxed SIMD, whose fused multiply-add is faster'}; the page asked it to validate one instruction of each kind`,
    ],
    about.threads > 1
      ? ['Threads', `${about.threads} workers`, 'share the work, since this page’s server isolates it from other origins']
      : about.thread === 'caller'
        ? ['Threads', 'the page’s own', 'since this browser started no worker']
        : ['Threads', 'one worker', 'so this page stays free to draw, and needs no special headers'],
    ['Start', seconds(opened), 'from opening the page to an engine that answers'],
    passages && ['Passages', passages.title, passages.note],
    [
      'Layout',
      el('code', {}, about.manifest),
      'the hash of every weight’s name, shape and place, checked against the file',
    ],
  ];
  if (passages?.check)
    facts
      .find((fact) => fact?.[0] === 'Passages')
      ?.push(
        el(
          'button',
          {
            class: 'button small',
            type: 'button',
            onclick: async ({ target }) => {
              target.disabled = true;
              const note = target.previousSibling;
              note.setAttribute('aria-live', 'polite');
              note.textContent = await passages
                .check((step) => {
                  target.textContent = step;
                })
                .catch((problem) => problem.message);
              target.remove();
            },
          },
          'Compute them here',
        ),
      );
  find('facts').replaceChildren(
    ...facts
      .filter(Boolean)
      .map(([name, value, note, more]) =>
        el('div', {}, el('dt', {}, name), el('dd', {}, value, el('small', {}, note), more)),
      ),
  );
}
