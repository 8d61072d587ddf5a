// writing.mjs: what models that write have in common on a page: texts take turns, come part by part, and can be stopped.
// No module of its own: tools/compiler/package.py puts it between constformer.mjs, whose names it uses, and causal.mjs or
// seq2seq.mjs.

// ---------------------------------------------------------------------------------------------------------------------
// On the engine's thread.
const endings = ['', 'end', 'stop', 'length', 'full'], // as wasm/writer.hpp numbers them
  last_text = new WeakMap(); // engine -> a promise for the end of all texts that were asked for

// Such a model has none of what encoders have.
function writes_only(what) {
  for (const method of ['classify', 'embed', 'table', 'search', 'attention', 'fill', 'run'])
    Engine.prototype[method] = function () {
      fail('input', `${this.describe().name} is ${what}, not ${method}`);
    };
}

// Texts are written one after another: they share the memory of one.
async function in_turn(engine, signal, write) {
  let done, stop;
  const before = last_text.get(engine) ?? Promise.resolve(),
    mine = new Promise((end) => (done = end)),
    stopped = new Promise((_, reject) => signal?.addEventListener('abort', (stop = () => reject(abort_error(signal)))));
  stopped.catch(() => {});
  last_text.set(
    engine,
    before.then(() => mine),
  );
  try {
    await Promise.race([before, stopped]);
    return await write(engine.parts());
  } finally {
    signal?.removeEventListener('abort', stop);
    done();
  }
}
const all_written = (engine) => last_text.get(engine);

// Between two tokens: for others to ask, and to stop it.
async function next_turn(open, signal) {
  await turn();
  open();
  if (signal?.aborted) throw abort_error(signal);
}

function need_numbers(values) {
  for (const [name, value] of Object.entries(values))
    if (typeof value !== 'number') fail('input', `${name}: a number is needed, not ${value}`);
}
function need_whole(values, most = 0x7fffffff) {
  for (const [name, value] of Object.entries(values))
    if (!Number.isSafeInteger(value) || value < 0 || value > most)
      fail('input', `${name}: a whole number of at least 0 is needed, not ${value}`);
}

// ---------------------------------------------------------------------------------------------------------------------
// What a page holds: a text on its way, which the engine's `method` writes. It is read part by part, as an async
// iterator, or awaited as a whole.
class Writing {
  #parts = []; // that nobody has read yet
  #whole;
  #ended = false;
  #wake = () => {};
  #abort = new AbortController();
  constructor(engine, method, input, { signal, onToken, onProgress, ...options }) {
    const stop = () => this.#abort.abort(signal.reason);
    if (signal?.aborted) stop();
    signal?.addEventListener('abort', stop);
    const hear = (step) => {
      if (this.#abort.signal.aborted) return;
      if (step.phase !== 'text') return onProgress?.(step);
      this.#parts.push(step.text);
      this.#wake();
      onToken?.(step.text, step.loaded, step.index);
    };
    const asked = { onProgress: hear, signal: this.#abort.signal };
    this.#whole = engine
      .call(method, [input, options], asked)
      .then((written) => {
        if (signal?.aborted) throw abort_error(signal); // who stopped it hears so, though the engine had just ended
        return written;
      })
      .finally(() => {
        signal?.removeEventListener('abort', stop);
        this.#ended = true;
        this.#wake();
      });
    this.#whole.catch(() => {}); // who waits for it hears of it
  }
  then(...both) {
    return this.#whole.then(...both);
  }
  catch(rejected) {
    return this.#whole.catch(rejected);
  }
  finally(settled) {
    return this.#whole.finally(settled);
  }
  get [Symbol.toStringTag]() {
    return 'Writing';
  }
  // Leaving the loop stops the text.
  async *[Symbol.asyncIterator]() {
    try {
      for (;;) {
        while (this.#parts.length) yield this.#parts.shift();
        if (this.#ended) break;
        await new Promise((wake) => (this.#wake = wake));
      }
      await this.#whole; // or why it failed
    } finally {
      this.#abort.abort();
    }
  }
}
