// What is running here: numbers of the engine itself, of the browser's own measurements, or of this visit.
import { el, find } from './dom.mjs';
import { bytes, plural, seconds, whole } from './format.mjs';

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

export function show(about, visit) {
  find('running-empty').hidden = true;
  find('running-body').hidden = false;
  const scratch = about.scratch[256] ?? Object.values(about.scratch).at(-1);
  find('code').replaceChildren(
    ...colored(
      `// the architecture is a type…\ninline constexpr bert_config ${about.name}{\n    .layers = ${about.layers}, .width = ${about.width}, .heads = ${about.heads},\n` +
        `    .feed_forward = ${about.feed_forward}, .vocabulary = ${about.vocabulary},\n    .positions = ${about.positions}};\nusing embedder = bert<${about.name}, f32>;\n\n` +
        `// …its size and its memory are constants\nstatic_assert(parameters<embedder>() == ${grouped(about.parameters)});\n` +
        `static_assert(sizeof(embedder) == ${grouped(about.weights_struct_bytes)});\nstatic_assert(embedder::scratch(256) == ${grouped(scratch)});`,
    ),
  );
  const script = size_of('/engine/minilm_l6.mjs');
  const facts = [
    ['Type', el('code', {}, `bert<${about.name}, f32>`), 'every weight as a 32-bit float, nothing quantized'],
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
    ['Scratch', bytes(scratch), 'for 256 tokens; known at compile time, nothing is allocated later'],
    [
      'Memory',
      bytes(about.memory_bytes),
      'all of WebAssembly’s memory: weights, vocabulary, scratch; it does not grow while you search',
    ],
    [
      'Instructions',
      about.build === 'simd128' ? '128-bit SIMD' : '128-bit SIMD, relaxed',
      about.build === 'simd128'
        ? 'this browser lacks relaxed SIMD, whose fused multiply-add is faster'
        : 'with fused multiply-add; a second build serves browsers without',
    ],
    ['Threads', 'one worker', 'so this page stays free to draw, and needs no special headers'],
    ['Start', seconds(visit.ready), 'from opening the page to an engine that answers'],
    visit.indexed && ['Passages', visit.indexed.title, visit.indexed.note],
    [
      'Layout',
      el('code', {}, about.manifest),
      'the hash of every weight’s name, shape and place, checked against the file',
    ],
  ];
  if (visit.indexed?.check)
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
              note.textContent = await visit.indexed
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
      .flatMap(([name, value, note, more]) => [el('dt', {}, name), el('dd', {}, value, el('small', {}, note), more)]),
  );
}
