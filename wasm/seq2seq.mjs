// seq2seq.mjs: translate() and summarize() of an encoder-decoder. No module of its own: tools/compiler/package.py puts it
// behind constformer.mjs and writing.mjs, whose names it uses, so that NAME.mjs is one file and its own worker script, too.
//
//     const { text } = await model.translate('the 3rd of March 2021');
//     const all = await model.translate(texts, { beams: 4, best: 2, onProgress: ({ loaded }) => show(loaded) });

// ---------------------------------------------------------------------------------------------------------------------
// On the engine's thread.
writes_only('an encoder-decoder: it has translate and summarize');

Engine.prototype.rewrite = function ({ texts, task }, options, progress, signal) {
  return in_turn(this, signal, async (parts) => {
    if (typeof texts === 'string') return rewrite(parts, texts, task, options, progress, signal);
    const all = [];
    for (const text of texts) {
      const hear = (step) => progress?.({ ...step, index: all.length });
      all.push(await rewrite(parts, text, task, options, hear, signal));
      progress?.({ phase: 'texts', loaded: all.length, total: texts.length });
    }
    return all;
  });
};

async function rewrite({ wasm, about, ints, string, put, check, open }, source, task, options, progress, signal) {
  const { beams = about.beams, best = 1, max_tokens = about.most_new, length_penalty = NaN } = options,
    { early_stopping, truncate = false, prefix = about.prefixes[task] } = options;
  need_whole({ beams, best, max_tokens });
  need_numbers({ length_penalty });
  if (options.length_penalty !== undefined && !Number.isFinite(length_penalty))
    fail('input', `length_penalty: a number is needed, not ${length_penalty}`);
  if (typeof prefix !== 'string') fail('input', `prefix: a text is needed, not ${prefix}`);
  if (typeof source !== 'string') fail('input', `a text must be a string, not ${source === null ? 'null' : typeof source}`);
  open();
  if (signal?.aborted) throw abort_error(signal);
  const began = performance.now(),
    tokens = check(wasm.source(put(prefix + source), truncate ? 1 : 0)),
    early = early_stopping === undefined ? -1 : early_stopping ? 1 : 0;
  check(wasm.begin(beams, best, max_tokens, length_penalty, early));
  const read = performance.now();
  let ended = 0;
  for (let loaded = 1; ; ++loaded) {
    ended = check(wasm.step());
    const more = string(wasm.shown(), wasm.shown_bytes());
    if (more) progress?.({ phase: 'text', text: more, loaded, total: max_tokens });
    if (ended) break;
    await next_turn(open, signal);
  }
  const found = Array.from({ length: wasm.texts() }, (_, i) => {
    wasm.written(i);
    const text = string(wasm.shown(), wasm.shown_bytes());
    return { text, ids: ints(wasm.written_ids(i), wasm.written_tokens(i)).slice(), score: wasm.score(i) };
  });
  if (beams > 1 && found[0].text) progress?.({ phase: 'text', text: found[0].text, loaded: found[0].ids.length, total: max_tokens });
  return { ...found[0], stop: endings[ended], best: found, source: tokens, source_ms: read - began, ms: performance.now() - read };
}

// ---------------------------------------------------------------------------------------------------------------------
for (const task of ['translate', 'summarize'])
  Model.prototype[task] = function (texts, options = {}) {
    return new Writing(this.engine(), 'rewrite', { texts: typeof texts === 'string' ? texts : list_of(texts), task }, options);
  };
