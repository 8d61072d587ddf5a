// causal.mjs: generate() and chat() of a language model. No module of its own: tools/compiler/package.py puts it behind
// constformer.mjs, whose names it uses, so that a language model's NAME.mjs is one file and its own worker script, too.
//
//     for await (const part of model.generate('Once upon a time', { max_tokens: 40 })) show(part);
//     const { text, stop } = await model.chat([{ role: 'user', content: 'Hello!' }]);

// ---------------------------------------------------------------------------------------------------------------------
// On the engine's thread.
const endings = ['', 'end', 'stop', 'length', 'full'], // as wasm/writer.hpp numbers them
  roles = ['system', 'user', 'assistant'],
  last_text = new WeakMap(); // engine -> a promise for the end of all texts that were asked for
for (const method of ['classify', 'embed', 'table', 'search', 'attention', 'run'])
  Engine.prototype[method] = function () {
    fail('input', `${this.describe().name} is a language model: it has generate and chat, not ${method}`);
  };

// Texts are written one after another: they share the memory of one.
Engine.prototype.write = async function (input, options, progress, signal) {
  let done, stop;
  const before = last_text.get(this) ?? Promise.resolve(),
    mine = new Promise((end) => (done = end)),
    stopped = new Promise((_, reject) => signal?.addEventListener('abort', (stop = () => reject(abort_error(signal)))));
  stopped.catch(() => {});
  last_text.set(
    this,
    before.then(() => mine),
  );
  try {
    await Promise.race([before, stopped]);
    return await write(this.parts(), input, options, progress, signal);
  } finally {
    signal?.removeEventListener('abort', stop);
    done();
  }
};

async function write({ wasm, bytes, string, put, check, open }, { prompt, messages }, options, progress, signal) {
  const { max_tokens, temperature = 0, top_k = 0, top_p = 1, min_p = 0, repetition_penalty = 1, seed = 0 } = options,
    { stop = [], special = true, truncate = false } = options,
    most = max_tokens ?? (messages ? 512 : 256);
  for (const [name, value] of Object.entries({ temperature, top_p, min_p, repetition_penalty }))
    if (typeof value !== 'number') fail('input', `${name}: a number is needed, not ${value}`);
  for (const [name, value] of Object.entries({ max_tokens: most, top_k, seed }))
    if (!Number.isSafeInteger(value) || value < 0 || (name !== 'seed' && value > 0x7fffffff))
      fail('input', `${name}: a whole number of at least 0 is needed, not ${value}`);
  const goes_on = async () => {
    await turn(); // for others to ask in between, and to stop it
    open();
    if (signal?.aborted) throw abort_error(signal);
  };
  open();
  check(wasm.stop(0));
  for (const text of typeof stop === 'string' ? [stop] : stop) if (text !== '') check(wasm.stop(put(text)));
  const began = performance.now();
  const total = messages
    ? check(wasm.chat(put_messages(wasm, bytes, messages), truncate ? 1 : 0))
    : check(wasm.prompt(put(prompt), special ? 1 : 0, truncate ? 1 : 0));
  const above = Math.floor(seed / 2 ** 32);
  const reused = check(wasm.begin(most, temperature, top_k, top_p, min_p, repetition_penalty, seed >>> 0, above));
  for (let left = total - reused; left > 0; ) {
    left = check(wasm.read());
    progress?.({ phase: 'prompt', loaded: total - left, total });
    await goes_on();
  }
  const read = performance.now();
  let text = '',
    tokens = 0,
    ended = 0;
  while (!ended) {
    ended = check(wasm.step());
    ++tokens;
    const more = string(wasm.shown(), wasm.shown_bytes());
    text += more;
    if (more) progress?.({ phase: 'text', text: more, loaded: tokens, total: most });
    if (!ended) await goes_on();
  }
  const times = { prompt_ms: read - began, ms: performance.now() - read };
  return { text, stop: endings[ended], prompt: total, reused, tokens, ...times };
}

// The texts lie one behind the other in the text buffer, and who says each of them beside it. -> how many
function put_messages(wasm, bytes, messages) {
  const most = wasm.most_messages();
  if (messages.length > most) fail('input', `chat: ${messages.length} messages, at most ${most} are read`);
  const texts = messages.map(({ role, content }, i) => {
    if (!roles.includes(role))
      fail('input', `chat: message ${i} has the role "${role}", system, user and assistant are known`);
    if (typeof content !== 'string') fail('input', `chat: message ${i} has no text as its content`);
    return new TextEncoder().encode(content);
  });
  const size = texts.reduce((sum, text) => sum + text.length, 0),
    room = wasm.text_bytes();
  if (size > room) fail('input', `chat: messages of ${count(size)} bytes, at most ${count(room)} are read`);
  const about = new DataView(new ArrayBuffer(8 * messages.length));
  let at = wasm.text();
  texts.forEach((text, i) => {
    bytes(at, text.length).set(text);
    at += text.length;
    about.setInt32(8 * i, roles.indexOf(messages[i].role), true);
    about.setInt32(8 * i + 4, text.length, true);
  });
  bytes(wasm.messages(), about.byteLength).set(new Uint8Array(about.buffer));
  return messages.length;
}

Engine.prototype.reset = async function () {
  await last_text.get(this);
  this.parts().wasm.reset();
};

// ---------------------------------------------------------------------------------------------------------------------
// What a page holds: a text on its way. It is read part by part, as an async iterator, or awaited as a whole.
class Writing {
  #parts = []; // that nobody has read yet
  #whole;
  #ended = false;
  #wake = () => {};
  #abort = new AbortController();
  constructor(engine, input, { signal, onToken, onProgress, ...options }) {
    const stop = () => this.#abort.abort(signal.reason);
    if (signal?.aborted) stop();
    signal?.addEventListener('abort', stop);
    const hear = (step) => {
      if (this.#abort.signal.aborted) return;
      if (step.phase !== 'text') return onProgress?.(step);
      this.#parts.push(step.text);
      this.#wake();
      onToken?.(step.text, step.loaded);
    };
    const asked = { onProgress: hear, signal: this.#abort.signal };
    this.#whole = engine.call('write', [input, options], asked).finally(() => {
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

Model.prototype.generate = function (prompt, options = {}) {
  return new Writing(this.engine(), { prompt }, options);
};
Model.prototype.chat = function (messages, options = {}) {
  const list = typeof messages === 'string' ? [{ role: 'user', content: messages }] : list_of(messages);
  return new Writing(this.engine(), { messages: list.map(({ role, content }) => ({ role, content })) }, options);
};
// Forgets all texts: the next one begins as the first one did.
Model.prototype.reset = function () {
  return this.engine().call('reset', []);
};
