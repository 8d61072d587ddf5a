// constformer.mjs: one transformer, compiled to WebAssembly, behind a few verbs. Types and units: constformer.d.ts.
//
//     import { load } from './minilm_l6.mjs';
//     const model = await load('./minilm_l6.weights', { onProgress: (p) => bar.value = p.loaded / p.total });
//     const [a, b] = await model.embed(['a sentence', 'another one']);
//
// Four files lie side by side and share a name: NAME.wasm, NAME.relaxed.wasm and NAME.threads.wasm (three builds of one
// engine: the second one uses fused multiply-add where the browser has it, the third one more threads too, where the
// page is isolated from other origins) and NAME.weights. This file knows no model: everything
// particular comes from the engine's describe(). It is also its own worker script (see the last lines). Bundlers find
// all of them by entry.mjs, which a package has as its index.mjs.

const self_name = 'constformer';

export class ConstformerError extends Error {
  /** @param {string} code unsupported | network | incomplete | weights | input | memory | aborted | disposed | internal */
  constructor(code, message, options) {
    super(message, options);
    this.name = 'ConstformerError';
    this.code = code;
    // V8 holds on to what is on the stack, the engine and its memory, until someone has read it
    void [this.stack, options?.cause?.stack];
  }
}
const fail = (code, message, cause) => {
  throw new ConstformerError(code, message, cause && { cause });
};
const count = (n) => n.toLocaleString('en-US');

// ---------------------------------------------------------------------------------------------------------------------
// What the browser can do. Each probe is a whole module of one function that uses one instruction: i8x16.popcnt and
// i8x16.relaxed_swizzle.
const probe = (body) =>
  typeof WebAssembly === 'object' &&
  WebAssembly.validate(
    new Uint8Array([
      0,
      97,
      115,
      109,
      1,
      0,
      0,
      0,
      1,
      5,
      1,
      96,
      0,
      1,
      123,
      3,
      2,
      1,
      0,
      10,
      body.length + 4,
      1,
      body.length + 2,
      0,
      ...body,
      11,
    ]),
  );
export function supports() {
  return {
    simd128: probe([65, 0, 253, 15, 253, 98]),
    relaxed: probe([65, 1, 253, 15, 65, 2, 253, 15, 253, 128, 2]),
    // a memory that workers share takes a page that its server isolates from other origins
    threads: globalThis.crossOriginIsolated === true && typeof Worker === 'function',
  };
}

// ---------------------------------------------------------------------------------------------------------------------
// Engine: the module and its memory, on whichever thread this runs. Every method is synchronous between two awaits, so
// calls never interleave inside the module.
class Engine {
  #wasm;
  #memory;
  #shared = false; // the memory, with the helpers
  #helpers = [];
  #about;
  #tokens;
  #beams;
  #tables = new Map();
  #next_table = 1;
  #closed = false;
  #watch = null; // the observer of the forward that is running: { stage(name), attention(head, query, row) }

  // The weights are asked for while the engine is still on its way, unless a copy of them seems to be kept here.
  static async open({ weights, wasm, relaxed, threads, cache, tokens, beams }, progress, signal) {
    const engine = new Engine(),
      both = new AbortController(), // whatever fails ends the other one's download
      stop = () => both.abort(signal.reason);
    engine.#tokens = tokens;
    engine.#beams = beams;
    signal?.addEventListener('abort', stop);
    try {
      progress({ phase: 'engine', loaded: 0, total: 0 });
      const ahead = weights_ahead(weights, cache, both.signal);
      const build = threads > 1 ? 'threads' : relaxed ? 'relaxed' : 'simd128';
      const [code] = await Promise.all([compile(wasm[build], cache, both.signal), ahead]);
      await engine.#start(code.module, threads);
      progress({ phase: 'engine', loaded: code.size, total: code.size });
      const source = await engine.#receive(weights, await ahead, cache, progress, both.signal);
      Object.assign(engine.#about, {
        build: { simd128: 'simd128', relaxed: 'relaxed SIMD', threads: 'relaxed SIMD and threads' }[build],
        threads,
        module_bytes: code.size,
        module_from: code.source,
        weights_from: source,
      });
      progress({ phase: 'ready', loaded: 1, total: 1, source });
      return engine;
    } catch (problem) {
      engine.close();
      both.abort(problem);
      throw signal?.aborted ? abort_error(signal) : problem;
    } finally {
      signal?.removeEventListener('abort', stop);
    }
  }
  close() {
    this.#closed = true; // what is under way stops at its next step, and then holds the memory no longer
    this.#tables.clear();
    for (const helper of this.#helpers) helper.terminate();
    this.#helpers = [];
  }
  #open() {
    if (this.#closed) throw disposed_error();
  }

  async #start(module, threads) {
    const said = [];
    const system = {
      // the three calls by which a C library prints; the engine does so only before it stops itself
      fd_close: () => 0,
      fd_seek: () => 70,
      fd_write: (_, vectors, n, written) => {
        const view = new DataView(this.#memory.buffer);
        let total = 0;
        for (let i = 0; i < n; ++i) {
          const size = view.getUint32(vectors + 8 * i + 4, true);
          said.push(this.#string(view.getUint32(vectors + 8 * i, true), size));
          total += size;
        }
        view.setUint32(written, total, true);
        return 0;
      },
      proc_exit: (status) => {
        throw new Error(said.join('') || `exit ${status}`);
      },
    };
    const host = {
      stage: (name) => this.#watch?.stage(this.#string(name)),
      attention: (head, query, row, n) =>
        this.#watch?.attention?.(head, query, new Float32Array(this.#memory.buffer, row, n)),
      emscripten_notify_memory_growth: () => {},
    };
    const imports = { env: host, wasi_snapshot_preview1: system };
    this.#shared = threads > 1;
    if (this.#shared) host.memory = shared_memory();
    const { exports } = await WebAssembly.instantiate(module, imports);
    this.#wasm = exports;
    this.#memory = host.memory ?? exports.memory;
    exports._initialize?.();
    if (this.#shared) this.#hire(module, threads);
    this.#about = JSON.parse(this.#string(exports.describe()));
  }

  // Starts the helpers. Nobody waits for them: the work of one that is late, or never comes, is done by the others.
  #hire(module, threads) {
    const stacks = this.#wasm.share(threads);
    if (!stacks) fail('memory', `the browser did not give the memory that ${threads} threads need`);
    for (let helper = 1; helper < threads; ++helper) {
      const worker = new Worker(new URL(import.meta.url), { type: 'module', name: helper_name });
      worker.onerror = (event) => event.preventDefault?.();
      const stack = stacks + (helper + 1) * this.#wasm.stack_bytes();
      worker.postMessage({ module, memory: this.#memory, helper, stack });
      this.#helpers.push(worker);
    }
  }

  // Streams the weights file into the heap, checks it there, and keeps it for the next visit.
  async #receive(url, ahead, use_cache, progress, signal) {
    const key = cache_key(url, this.#about.manifest);
    const store = use_cache ? await open_cache(url) : null;
    const kept = ahead ? null : await store?.match(key).catch(() => undefined);
    if (kept) {
      try {
        await this.#stream(kept, url, 'cache', progress, signal);
        return 'cache';
      } catch (problem) {
        if (problem.code === 'aborted' || problem.code === 'memory') throw problem;
        await store.delete(key).catch(() => {}); // a damaged copy is no reason to stay without the model
      }
    }
    const at = await this.#stream(ahead ?? (await get(url, 'weights', signal)), url, 'network', progress, signal);
    if (store) this.#keep(store, key, at); // in the background; nothing waits for it
    return 'network';
  }

  async #stream(response, url, source, progress, signal) {
    const head_at = this.#wasm.head(),
      head_size = this.#wasm.head_bytes();
    let total = 0,
      at = 0,
      got = 0,
      shown = 0;
    const place = (chunk) => {
      if (!total) {
        // the file's own header says how long it is; a proxy's Content-Length may not
        const size = Math.min(chunk.length, head_size - got);
        this.#bytes(head_at + got, size).set(chunk.subarray(0, size));
        got += size;
        if (got < head_size) return;
        total = this.#wasm.measure();
        if (total < 0) fail('weights', `${url}: ${this.#said()}`);
        at = this.#wasm.reserve(total, this.#tokens, this.#beams); // (only some have beams)
        if (!at) fail('memory', `the browser did not give the ${count(total)} bytes that the weights need`);
        this.#bytes(at, head_size).set(this.#bytes(head_at, head_size));
        chunk = chunk.subarray(size);
      }
      if (got + chunk.length > total)
        fail('weights', `${url}: longer than the ${count(total)} bytes that its header says`);
      this.#bytes(at + got, chunk.length).set(chunk);
      got += chunk.length;
      const now = performance.now();
      if (now - shown > 40 || got === total) {
        shown = now;
        progress({ phase: 'weights', loaded: got, total, source });
      }
    };
    await each_chunk(response, signal, place, (cause) =>
      fail(
        'incomplete',
        `the download of ${url} broke off ` +
          (total ? `after ${count(got)} of ${count(total)} bytes` : `after ${count(got)} bytes`),
        cause,
      ),
    );
    if (!total || got < total)
      fail('incomplete', `${url} ended after ${count(got)}${total ? ` of ${count(total)}` : ''} bytes`);
    if (this.#wasm.load() !== 0) fail('weights', `${url}: ${this.#said()}`);
    Object.assign(this.#about, { weights_bytes: total, longest: this.#tokens || (this.#about.usual ?? this.#about.positions) });
    return { at, total };
  }

  async #keep(store, key, { at, total }) {
    let sent = 0; // small slices: the heap is the only full copy
    const body = new ReadableStream(
      {
        pull: (stream) => {
          if (this.#closed) return stream.error(disposed_error());
          const size = Math.min(1 << 20, total - sent);
          stream.enqueue(this.#bytes(at + sent, size).slice());
          if ((sent += size) === total) stream.close();
        },
      },
      { highWaterMark: 1 },
    );
    try {
      // the same file for an earlier layout
      const same = await store.keys(key, { ignoreSearch: true }).catch(() => []);
      for (const old of same) if (old.url !== key) await store.delete(old);
      await store.put(key, new Response(body, { headers: { 'content-type': 'application/octet-stream' } }));
      this.#about.cached = true;
    } catch {
      this.#about.cached = false;
    } // no room: the next visit downloads again
  }

  #bytes(at, size) {
    return new Uint8Array(this.#memory.buffer, at, size);
  }
  #ints(at, size) {
    return new Int32Array(this.#memory.buffer, at, size);
  }
  #floats(at, size) {
    return new Float32Array(this.#memory.buffer, at, size);
  }
  #string(at, size) {
    const heap = new Uint8Array(this.#memory.buffer),
      bytes = heap.subarray(at, size === undefined ? heap.indexOf(0, at) : at + size);
    return new TextDecoder().decode(this.#shared ? bytes.slice() : bytes); // (which reads no shared memory)
  }
  #said() {
    return this.#string(this.#wasm.error());
  }
  #check(status) {
    if (status < 0) fail('input', this.#said());
    return status;
  }

  // What wasm/causal.mjs and seq2seq.mjs work with, which stand behind this in the file of a model that writes.
  parts() {
    return {
      wasm: this.#wasm,
      about: this.#about,
      bytes: (at, size) => this.#bytes(at, size),
      ints: (at, size) => this.#ints(at, size),
      string: (at, size) => this.#string(at, size),
      put: (text) => this.#put(text, false),
      check: (status) => this.#check(status),
      open: () => this.#open(),
    };
  }
  describe() {
    return { ...this.#about, memory_bytes: this.#memory.buffer.byteLength };
  }

  // Text goes into the module's text buffer as UTF-8, from byte `begin` up to `end`; a lone surrogate becomes U+FFFD.
  #put(text, truncate, begin = 0, end = this.#wasm.text_bytes()) {
    if (typeof text !== 'string') fail('input', `a text must be a string, not ${text === null ? 'null' : typeof text}`);
    const room = this.#bytes(this.#wasm.text() + begin, end - begin);
    const own = this.#shared ? new Uint8Array(room.length) : room; // (encodeInto writes to no shared memory)
    const { read, written } = new TextEncoder().encodeInto(text, own);
    if (this.#shared) room.set(own.subarray(0, written));
    if (read < text.length && !truncate)
      fail(
        'input',
        `a text of ${count(text.length)} characters is longer than the ${count(room.length)} bytes that ` +
          `${begin ? 'the first of its pair leaves' : 'one text may have'}; split it, or ask for { truncate: true }`,
      );
    return written;
  }
  // The tokens of a text or of a pair: how many. Where both of a pair may be cut, each has half of the buffer.
  #encode(text, pair, truncate) {
    const cut = truncate ? 1 : 0;
    if (pair === undefined) return this.#check(this.#wasm.tokenize(this.#put(text, truncate), cut));
    const first = this.#put(text, truncate, 0, this.#wasm.text_bytes() >> cut);
    return this.#check(this.#wasm.tokenize_pair(first, this.#put(pair, truncate, first), cut));
  }

  tokenize(text, { pair, truncate = false } = {}) {
    const n = this.#encode(text, pair, truncate);
    const ids = this.#ints(this.#wasm.token_ids(), n).slice(),
      segments = this.#ints(this.#wasm.token_segments(), n).slice(),
      spans = this.#ints(this.#wasm.token_spans(), 2 * n);
    const units = [text, pair ?? ''].map(utf16_offsets); // the engine counts code points
    const offsets = Array.from(segments, (segment, i) =>
      [spans[2 * i], spans[2 * i + 1]].map((point) => (units[segment] ?? units[0])(point)), // XLNet's <cls> is of neither
    );
    const tokens = Array.from(ids, (id) => this.#string(this.#wasm.piece(id)));
    return { ids, segments, tokens, offsets };
  }

  // Every label of a text or of a pair, the highest score first.
  classify(text, { pair, truncate = false } = {}) {
    const { task, type, labels, scores } = this.#about;
    if (task !== 'classify') fail('input', `${type} is no classifier of texts; use run`);
    const n = this.#encode(text, pair, truncate);
    for (const [which, from] of [this.#wasm.token_ids(), this.#wasm.token_segments()].entries())
      this.#ints(this.#wasm.run_at(which), n).set(this.#ints(from, n));
    this.#ints(this.#wasm.run_at(2), n).fill(1);
    this.#check(this.#wasm.run(n));
    const logits = Array.from(this.#floats(this.#wasm.output(0), labels)),
      most = Math.max(...logits);
    const powers = logits.map((x) => Math.exp(x - most)),
      sum = powers.reduce((a, b) => a + b, 0);
    const score = {
      softmax: (i) => powers[i] / sum,
      sigmoid: (i) => 1 / (1 + Math.exp(-logits[i])),
      none: (i) => logits[i],
    }[scores];
    return logits
      .map((_, i) => ({ label: this.#string(this.#wasm.label(i)), index: i, score: score(i) }))
      .sort((a, b) => b.score - a.score || a.index - b.index);
  }

  // What may stand for each mask of a text: `top` tokens a mask, the most probable first.
  fill(text, { top = 5, truncate = false } = {}) {
    const { task, type, most_hits } = this.#about;
    if (task !== 'fill-mask') fail('input', `${type} fills no masks`);
    if (!Number.isInteger(top) || top < 1 || top > most_hits)
      fail('input', `top: a whole number from 1 to ${most_hits} is needed, not ${top}`);
    this.#encode(text, undefined, truncate);
    const masks = this.#check(this.#wasm.fill());
    return Array.from({ length: masks }, (_, mask) => {
      const found = this.#wasm.filled(mask, top),
        where = this.#wasm.hits(),
        tokens = this.#ints(where, 2 * found),
        scores = this.#floats(where, 2 * found);
      return Array.from({ length: found }, (_, i) => ({
        token: tokens[2 * i],
        text: this.#string(this.#wasm.shown_piece(tokens[2 * i])),
        score: scores[2 * i + 1],
      }));
    });
  }

  // One vector a text, normalized, to take(vectors) batch by batch: short texts share a forward, packed end to end.
  async #embed_each(texts, { truncate = false } = {}, progress, signal, take) {
    let done = 0,
      waiting = 0;
    const flush = async () => {
      this.#check(this.#wasm.embed(0));
      take(this.#floats(this.#wasm.vectors(), waiting * this.#about.width));
      done += waiting;
      waiting = 0;
      progress?.({ phase: 'embed', loaded: done, total: texts.length });
      await turn(); // others may ask in between
      this.#open();
      if (signal?.aborted) throw abort_error(signal);
      this.#wasm.clear();
    };
    this.#wasm.clear();
    for (const text of texts) {
      if (this.#check(this.#wasm.add(this.#put(text, truncate), truncate ? 1 : 0)) === 1) {
        // the batch is full
        await flush();
        this.#check(this.#wasm.add(this.#put(text, truncate), truncate ? 1 : 0));
      }
      ++waiting;
    }
    if (waiting) await flush();
  }
  async embed(texts, options, progress, signal) {
    const all = new Float32Array(texts.length * this.#about.width);
    let at = 0;
    await this.#embed_each(texts, options, progress, signal, (vectors) => {
      all.set(vectors, at);
      at += vectors.length;
    });
    return all;
  }

  // One text, with the milliseconds of each stage. -> (width)
  #embed_timed(text, clock, truncate = true) {
    clock.stage('tokens');
    this.#wasm.clear();
    this.#check(this.#wasm.add(this.#put(text, truncate), truncate ? 1 : 0));
    this.#watched(clock, () => this.#check(this.#wasm.embed(1)));
    return this.#floats(this.#wasm.vectors(), this.#about.width);
  }
  #watched(observer, run) {
    this.#watch = observer;
    try {
      return run();
    } finally {
      this.#watch = null;
    }
  }

  // A table of vectors that stays beside the engine; search is exact, by dot product.
  table(vectors) {
    const { width } = this.#about;
    if (vectors && vectors.length % width)
      fail('input', `${vectors.length} numbers are no rows of ${width}, the model's width`);
    this.#tables.set(this.#next_table, vectors ? [vectors] : []);
    return { id: this.#next_table++, size: (vectors?.length ?? 0) / width };
  }
  table_add(id, texts, options, progress, signal) {
    const rows = this.#table(id);
    return this.#embed_each(texts, options, progress, signal, (vectors) => rows.push(vectors.slice()));
  }
  table_vectors(id) {
    const rows = this.#table(id),
      all = new Float32Array(rows.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of rows) (all.set(part, at), (at += part.length));
    return all;
  }
  table_drop(id) {
    this.#tables.delete(id);
  }
  #table(id) {
    return this.#tables.get(id) ?? fail('input', 'this index has been dropped');
  }

  search(id, query, k) {
    const width = this.#about.width,
      clock = new Clock();
    const rows = this.#table(id);
    let tokens = 0;
    if (typeof query === 'string') {
      this.#embed_timed(query, clock);
      tokens = this.#wasm.tokens();
    } else {
      if (query.length !== width)
        fail('input', `a query vector has ${query.length} numbers, the model's width is ${width}`);
      this.#floats(this.#wasm.vectors(), width).set(query);
    }
    clock.stage('search');
    const room = this.#wasm.table_rows(),
      most = Math.min(k, this.#about.most_hits);
    let hits = [],
      first = 0;
    for (const part of rows)
      for (let at = 0; at < part.length; at += room * width) {
        const some = part.subarray(at, at + room * width),
          count = some.length / width;
        this.#floats(this.#wasm.table(), some.length).set(some);
        const found = this.#wasm.nearest(count, most),
          where = this.#wasm.hits();
        const index = this.#ints(where, 2 * found),
          score = this.#floats(where, 2 * found);
        for (let i = 0; i < found; ++i) hits.push({ index: first + index[2 * i], score: score[2 * i + 1] });
        first += count;
      }
    hits = hits.sort((a, b) => b.score - a.score || a.index - b.index).slice(0, most);
    return { hits, tokens, stages: clock.done() };
  }

  // Every layer's and head's attention over one text. -> probabilities (layers, heads, tokens, tokens)
  attention(text, { truncate = true } = {}) {
    const { layers, heads } = this.#about,
      clock = new Clock();
    const { tokens, offsets } = this.tokenize(text, { truncate });
    const n = tokens.length,
      probabilities = new Float32Array(layers * heads * n * n);
    let layer = -1;
    this.#wasm.clear();
    this.#check(this.#wasm.add(this.#put(text, truncate), truncate ? 1 : 0));
    this.#watched(
      {
        stage: (name) => clock.stage(name),
        attention: (head, query, row) => {
          if (head === 0 && query === 0) ++layer;
          probabilities.set(row, ((layer * heads + head) * n + query) * n);
        },
      },
      () => this.#check(this.#wasm.embed(2)),
    );
    return { tokens, offsets, layers, heads, probabilities };
  }

  // The model's forward as Transformers names it: tensors in, tensors out.
  run(inputs) {
    const { names, batch, length, values } = gather(inputs);
    if (!names.includes('input_ids')) fail('input', 'run needs input_ids');
    const given = ['input_ids', 'token_type_ids', 'attention_mask'].map((name) => values[names.indexOf(name)]);
    const outputs = this.#about.outputs.map(({ name, dims, step = 1, first = 0 }, slot) => {
      const shape = dims.map((d) => (d === 'batch' ? batch : d === 'tokens' ? length : d));
      const data = new Float32Array(shape.reduce((a, b) => a * b, 1));
      return { name, slot, step, first, dims: shape, data, each: data.length / batch };
    });
    for (let row = 0; row < batch; ++row) {
      // one sentence at a time: the memory is that of one
      if (length <= this.#about.longest)
        // a longer one is refused by run()
        given.forEach((tensor, which) => {
          const place = this.#ints(this.#wasm.run_at(which), length);
          if (tensor) place.set(tensor.subarray(row * length, (row + 1) * length));
          else place.fill(which === 2 ? 1 : 0);
        });
      this.#check(this.#wasm.run(length));
      for (const { slot, step, first, data, each } of outputs) {
        const from = this.#floats(this.#wasm.output(slot), each * step),
          to = data.subarray(row * each, (row + 1) * each);
        if (step === 1) to.set(from);
        else for (let i = 0; i < each; ++i) to[i] = from[step * i + first];
      }
    }
    return Object.fromEntries(outputs.map(({ name, dims, data }) => [name, { dims, data }]));
  }
}

// What wasm/meson.build says: the module's own bytes lie below 2 MB, and it grows up to 2 GB.
function shared_memory() {
  try {
    return new WebAssembly.Memory({ initial: 32, maximum: 32768, shared: true });
  } catch (cause) {
    return fail('memory', 'the browser did not give a memory that threads can share; load with { threads: 1 }', cause);
  }
}

// Sums the time between one stage's beginning and the next one's.
class Clock {
  #spent = new Map();
  #name = null;
  #since = 0;
  stage(name) {
    const now = performance.now();
    if (this.#name !== null) this.#spent.set(this.#name, (this.#spent.get(this.#name) ?? 0) + now - this.#since);
    this.#name = name;
    this.#since = now;
  }
  done() {
    this.stage(null);
    return Array.from(this.#spent, ([name, ms]) => ({ name, ms }));
  }
}

// number[][], a flat { data, dims }, or one row -> Int32 values of one common (batch, tokens)
function gather(inputs) {
  const known = ['input_ids', 'token_type_ids', 'attention_mask'],
    names = [],
    values = [];
  let batch = 0,
    length = 0;
  for (const [name, given] of Object.entries(inputs)) {
    if (!known.includes(name)) fail('input', `run knows ${known.join(', ')}, not ${name}`);
    const rows = given?.dims ? null : Array.isArray(given?.[0]) || ArrayBuffer.isView(given?.[0]) ? given : [given];
    const dims = rows ? [rows.length, rows[0]?.length ?? 0] : given.dims;
    if (rows?.some((row) => row.length !== dims[1]))
      fail('input', `${name}: all rows must have the same length; pad them and give an attention_mask`);
    const flat = Int32Array.from(rows ? rows.flatMap((row) => Array.from(row, Number)) : given.data, Number);
    if (dims.length !== 2 || flat.length !== dims[0] * dims[1])
      fail('input', `${name}: ${flat.length} values do not fill (${dims.join(', ')})`);
    if (names.length && (dims[0] !== batch || dims[1] !== length))
      fail('input', `${name} is (${dims.join(', ')}), ${names[0]} is (${batch}, ${length})`);
    [batch, length] = dims;
    names.push(name);
    values.push(flat);
  }
  return { names, batch, length, values };
}

// Positions counted in code points -> in UTF-16 units, as JavaScript's strings are.
function utf16_offsets(text) {
  if (!/[\ud800-\udfff]/.test(text)) return (position) => position;
  const units = [0];
  for (const character of text) units.push(units.at(-1) + character.length);
  return (position) => units[Math.min(position, units.length - 1)];
}

const turn = () =>
  new Promise((resume) => {
    const { port1, port2 } = new MessageChannel(); // setTimeout would wait 4 ms
    port1.onmessage = () => {
      port1.close();
      resume();
    };
    port2.postMessage(0);
  });
const abort_error = (signal) => new ConstformerError('aborted', 'the caller stopped it', { cause: signal?.reason });
const disposed_error = () => new ConstformerError('disposed', 'this model has been disposed of');

async function get(url, what, signal) {
  let response;
  try {
    response = await (url.startsWith('file:') ? read_file(url) : fetch(url, { signal }));
  } catch (cause) {
    if (signal?.aborted) throw abort_error(signal);
    fail('network', `the ${what} at ${url} cannot be reached`, cause);
  }
  if (!response.ok)
    fail('network', `the ${what} at ${url}: the server answered ${response.status} ${response.statusText}`.trim());
  return response;
}
async function read_file(url) {
  // Node has no fetch for files; the names keep bundlers from looking for them
  const [{ open }, { fileURLToPath }] = await Promise.all(
    ['fs/promises', 'url'].map((name) => import(/* @vite-ignore */ /* webpackIgnore: true */ `node:${name}`)),
  );
  const file = await open(fileURLToPath(url));
  const body = new ReadableStream(
    {
      async pull(stream) {
        const { bytesRead, buffer } = await file.read(new Uint8Array(1 << 20));
        if (bytesRead) return stream.enqueue(buffer.subarray(0, bytesRead));
        await file.close();
        stream.close();
      },
      cancel: () => file.close(),
    },
    { highWaterMark: 1 },
  );
  return new Response(body);
}
async function each_chunk(response, signal, take, broken) {
  const reader = response.body.getReader();
  try {
    for (;;) {
      let part;
      try {
        part = await reader.read();
      } catch (cause) {
        if (signal?.aborted) throw abort_error(signal);
        broken(cause);
      }
      if (signal?.aborted) throw abort_error(signal);
      if (part.done) return;
      take(part.value);
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}
// Compiles the engine while it arrives, whatever content type the server gives it. What the network has wins, so that a
// new release is seen at once; without a network, the engine of the last visit serves. -> { module, size, source }
async function compile(url, use_cache, signal) {
  const store = use_cache ? await open_cache(url, 'engine') : null;
  const kept = await store?.match(url).catch(() => undefined);
  try {
    const response = await get(url, 'engine', signal),
      [bytes, module] = await Promise.allSettled([response.clone().arrayBuffer(), compile_stream(response)]);
    if (signal.aborted) throw abort_error(signal);
    if (bytes.reason) fail('incomplete', `the download of the engine at ${url} broke off`, bytes.reason);
    if (module.reason)
      fail(
        'incomplete',
        `engine: ${url} is not a WebAssembly module that this browser accepts: ${module.reason.message}`,
        module.reason,
      );
    if (store) keep_engine(store, url, bytes.value, kept).catch(() => {}); // in the background
    return { module: module.value, size: bytes.value.byteLength, source: 'network' };
  } catch (problem) {
    if (!kept || problem.code === 'aborted') throw problem;
    try {
      const bytes = await kept.arrayBuffer();
      if ((await sha256(bytes)) !== kept.headers.get(mark)) throw problem;
      return { module: await WebAssembly.compile(bytes), size: bytes.byteLength, source: 'cache' };
    } catch {
      await store.delete(url).catch(() => {});
      throw problem; // a damaged copy is worth no word of its own
    }
  }
}
const wasm_type = 'application/wasm',
  mark = 'x-sha256'; // the header by which a kept engine is checked
async function compile_stream(response) {
  if (response.headers.get('content-type') !== wasm_type)
    response = new Response(response.body, { headers: { 'content-type': wasm_type } });
  return WebAssembly.compileStreaming(response);
}
const sha256 = async (bytes) =>
  Array.from(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)), (b) => b.toString(16).padStart(2, '0')).join(
    '',
  );
async function keep_engine(store, url, bytes, kept) {
  const hash = await sha256(bytes);
  if (!kept || (await sha256(await kept.arrayBuffer())) !== hash)
    // (a damaged copy is replaced, too)
    await store.put(url, new Response(bytes, { headers: { 'content-type': wasm_type, [mark]: hash } }));
}

// The answer to a request for the weights; null where a copy of some layout is kept, since only the engine knows whether
// it is the right one.
async function weights_ahead(url, use_cache, signal) {
  const store = use_cache ? await open_cache(url) : null;
  const kept = await store?.match(url, { ignoreSearch: true }).catch(() => undefined);
  return kept ? null : get(url, 'weights', signal);
}

// null where nothing can be kept: no Cache API (as on plain http), one that refuses, or files that are on this machine
const open_cache = async (url, part) => {
  if (!/^https?:/.test(url)) return null;
  try {
    return await globalThis.caches?.open(part ? `${self_name}-${part}` : self_name);
  } catch {
    return null;
  }
};
const cache_key = (url, manifest) => {
  const key = new URL(url);
  key.hash = '';
  key.searchParams.set('manifest', manifest);
  return key.href;
};

// ---------------------------------------------------------------------------------------------------------------------
// Two ways to reach an engine: on this thread, or in a worker. Both are call(method, args, { onProgress, signal }).
class Direct {
  #engine;
  thread = 'caller';
  static async open(options, progress, signal) {
    const direct = new Direct();
    try {
      direct.#engine = await Engine.open(options, progress, signal);
    } catch (problem) {
      throw as_error(problem);
    }
    return direct;
  }
  async call(method, args, { onProgress, signal } = {}) {
    if (!this.#engine) throw disposed_error();
    if (signal?.aborted) throw abort_error(signal);
    try {
      return await this.#engine[method](...args, onProgress, signal);
    } catch (problem) {
      throw as_error(problem);
    }
  }
  close() {
    this.#engine?.close();
    this.#engine = null;
  }
}
const as_error = (problem) =>
  problem instanceof ConstformerError
    ? problem
    : new ConstformerError('internal', `the engine stopped: ${problem?.message ?? problem}`, { cause: problem });

class Remote {
  #worker;
  #waiting = new Map();
  #next = 1;
  #closed = null;
  #heard = false; // anything from the worker
  thread = 'worker';
  constructor(worker) {
    this.#worker = worker;
    worker.onmessage = ({ data: { id, progress, result, error } }) => {
      this.#heard = true;
      const call = this.#waiting.get(id);
      if (!call) return;
      if (progress) return call.onProgress?.(progress);
      this.#waiting.delete(id);
      if (error) call.reject(new ConstformerError(error.code, error.message));
      else call.resolve(result);
    };
    worker.onerror = (event) => {
      event.preventDefault?.();
      this.#end(
        new ConstformerError('internal', `the worker stopped: ${event.message || 'its script could not be loaded'}`),
      );
    };
  }
  // Where no worker can start (another origin's script, a policy, no network for its script) the engine runs here.
  static async open(worker, options, progress, signal) {
    let remote;
    try {
      remote = new Remote(worker());
    } catch {
      return Direct.open(options, progress, signal);
    }
    try {
      await remote.call('open', [options], { onProgress: progress, signal });
    } catch (problem) {
      const started = remote.#heard || signal?.aborted;
      remote.close();
      if (!started) return Direct.open(options, progress, signal);
      throw problem;
    }
    return remote;
  }
  call(method, args, { onProgress, signal } = {}) {
    return new Promise((resolve, reject) => {
      if (this.#closed) return reject(this.#closed);
      if (signal?.aborted) return reject(abort_error(signal));
      const id = this.#next++;
      const stop = () => this.#worker.postMessage({ id, abort: true });
      const settle = (then) => (value) => {
        signal?.removeEventListener('abort', stop);
        then(value);
      };
      try {
        this.#worker.postMessage({ id, method, args });
      } catch (cause) {
        return reject(new ConstformerError('input', `${method}: an argument cannot be sent to a worker`, { cause }));
      }
      this.#waiting.set(id, { resolve: settle(resolve), reject: settle(reject), onProgress });
      signal?.addEventListener('abort', stop);
    });
  }
  #end(why) {
    if (this.#closed) return;
    this.#closed = why;
    this.#worker.terminate();
    for (const { reject } of this.#waiting.values()) reject(why);
    this.#waiting.clear();
  }
  close() {
    this.#end(disposed_error());
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// What a page holds.
class Index {
  #engine;
  #id;
  #size;
  #last = Promise.resolve();
  constructor(engine, { id, size }) {
    this.#engine = engine;
    this.#id = id;
    this.#size = size;
  }
  get size() {
    return this.#size;
  }
  add(passages, { truncate = true, onProgress, signal } = {}) {
    // one after another: an index keeps the order of calls
    const texts = list_of(passages);
    const added = this.#last.then(async () => {
      const before = this.#size;
      await this.#engine.call('table_add', [this.#id, texts, { truncate }], {
        signal,
        onProgress: (step) => {
          this.#size = before + step.loaded;
          onProgress?.(step);
        },
      });
      return this.#size;
    });
    this.#last = added.catch(() => {});
    return added;
  }
  search(query, k = 10) {
    return this.#engine.call('search', [this.#id, query, k]);
  }
  vectors() {
    return this.#engine.call('table_vectors', [this.#id]);
  }
  drop() {
    return this.#engine.call('table_drop', [this.#id]);
  }
}

const list_of = (texts) => {
  if (typeof texts?.[Symbol.iterator] !== 'function')
    fail('input', `texts must be a string or a list of strings, not ${texts === null ? 'null' : typeof texts}`);
  return [...texts];
};

class Model {
  #engine;
  constructor(engine) {
    this.#engine = engine;
  }
  engine() {
    return this.#engine; // for wasm/causal.mjs and seq2seq.mjs
  }
  async describe() {
    return { ...(await this.#engine.call('describe', [])), thread: this.#engine.thread };
  }
  tokenize(text, options) {
    return this.#engine.call('tokenize', [text, options]);
  }
  classify(text, options) {
    return this.#engine.call('classify', [text, options]);
  }
  fill(text, options) {
    return this.#engine.call('fill', [text, options]);
  }
  async embed(texts, { truncate = false, onProgress, signal } = {}) {
    const list = typeof texts === 'string' ? [texts] : list_of(texts);
    const all = await this.#engine.call('embed', [list, { truncate }], { onProgress, signal });
    const width = list.length ? all.length / list.length : 0;
    return list.map((_, i) => all.subarray(i * width, (i + 1) * width));
  }
  async index(passages = [], { vectors, ...options } = {}) {
    const texts = list_of(passages);
    const index = new Index(this.#engine, await this.#engine.call('table', [vectors]));
    if (texts.length) await index.add(texts, options);
    return index;
  }
  async search(query, passages, k = 10) {
    if (passages instanceof Index) return passages.search(query, k);
    const index = await this.index(passages);
    try {
      return await index.search(query, k);
    } finally {
      await index.drop();
    }
  }
  attention(text, options) {
    return this.#engine.call('attention', [text, options]);
  }
  run(inputs) {
    return this.#engine.call('run', [inputs]);
  }
  dispose() {
    this.#engine.close();
  }
}

const beside = (url, ending) => new URL(url.pathname.replace(/(\.[^./]*)?$/, ending) + url.search, url).href;

export async function load(url = import.meta.url, options = {}) {
  const { wasm = {}, worker = true, relaxed, threads, cache = true, tokens = 0, beams = 0, onProgress, signal } = options;
  const can = supports();
  if (!can.simd128)
    fail(
      'unsupported',
      'this browser has no WebAssembly SIMD (simd128), which the engine needs; ' +
        'Chrome 91, Firefox 89, Safari 16.4 and later have it',
    );
  if (is_worker) fail('unsupported', `this script runs as the engine's own worker: ${bundled}`);
  if (threads !== undefined && !(Number.isInteger(threads) && threads >= 1))
    fail('input', `threads: a whole number of at least 1 is needed, not ${threads}`);
  if (threads > 1 && (!can.threads || !can.relaxed || relaxed === false))
    fail(
      'unsupported',
      `${threads} threads need relaxed SIMD and a page that is isolated from other origins, by its server's headers ` +
        'Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp',
    );
  const page = globalThis.document?.baseURI ?? globalThis.location?.href ?? import.meta.url;
  const absolute = (given) => {
    try {
      return new URL(given, page);
    } catch (cause) {
      return fail('input', `${given} is no URL`, cause);
    }
  };
  const base = absolute(url);
  const files = {
    weights: base.pathname.endsWith('.mjs') ? beside(base, '.weights') : base.href,
    wasm: {
      simd128: absolute(wasm.simd128 ?? beside(base, '.wasm')).href,
      relaxed: absolute(wasm.relaxed ?? beside(base, '.relaxed.wasm')).href,
      threads: absolute(wasm.threads ?? beside(base, '.threads.wasm')).href,
    },
    relaxed: relaxed ?? can.relaxed,
    threads: threads ?? (can.threads && can.relaxed && relaxed !== false ? most_threads() : 1),
    cache,
    tokens,
    beams,
  };
  if (signal?.aborted) throw abort_error(signal);
  const progress = (step) => onProgress?.(step);
  const start = typeof worker === 'function' ? worker : worker && typeof Worker === 'function' && own_worker;
  return new Model(await (start ? Remote.open(start, files, progress, signal) : Direct.open(files, progress, signal)));
}
// As many as the machine has, but few: a short sentence does not keep more of them busy.
const most_threads = () => Math.max(1, Math.min(4, globalThis.navigator?.hardwareConcurrency ?? 1));
const own_worker = () => new Worker(new URL(import.meta.url), { type: 'module', name: self_name });
const bundled =
  'a bundler has merged this file with others; give load() { worker: () => new Worker(…) }, or worker: false';

// ---------------------------------------------------------------------------------------------------------------------
// This file, run as a helper: it does what the engine shares out, and nothing else.
const helper_name = 'helper of constformer';
if (
  typeof DedicatedWorkerGlobalScope === 'function' &&
  globalThis instanceof DedicatedWorkerGlobalScope &&
  globalThis.name === helper_name
)
  globalThis.onmessage = async ({ data: { module, memory, helper, stack } }) => {
    const nothing = { get: (own, name) => own[name] ?? (() => 0) }; // it neither prints nor is watched
    const imports = { env: new Proxy({ memory }, nothing), wasi_snapshot_preview1: new Proxy({}, nothing) };
    const { exports } = await WebAssembly.instantiate(module, imports);
    exports.__stack_pointer.value = stack;
    exports.serve(helper); // until it is terminated
  };

// This file, run as a worker.
const is_worker =
  typeof DedicatedWorkerGlobalScope === 'function' &&
  globalThis instanceof DedicatedWorkerGlobalScope &&
  /^constformer(-|$)/.test(globalThis.name); // what whoever makes the worker calls it
if (is_worker) {
  const running = new Map();
  let engine = null;
  globalThis.onmessage = async ({ data: { id, method, args, abort } }) => {
    if (abort) return running.get(id)?.abort();
    const stop = new AbortController(),
      progress = (step) => postMessage({ id, progress: step });
    running.set(id, stop);
    try {
      let result;
      if (method === 'open') engine = await Engine.open(args[0], progress, stop.signal);
      else result = await engine[method](...args, progress, stop.signal);
      postMessage({ id, result }, result?.buffer ? [result.buffer] : []);
    } catch (problem) {
      const { code, message } = as_error(problem);
      postMessage({ id, error: { code, message } });
    } finally {
      running.delete(id);
    }
  };
}
