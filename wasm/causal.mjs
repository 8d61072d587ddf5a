// causal.mjs: generate() and chat() of a language model. No module of its own: tools/compiler/package.py puts it behind
// constformer.mjs and writing.mjs, whose names it uses, so that a language model's NAME.mjs is one file and its own
// worker script, too.
//
//     for await (const part of model.generate('Once upon a time', { max_tokens: 40 })) show(part);
//     const { text, stop } = await model.chat([{ role: 'user', content: 'Hello!' }]);

// ---------------------------------------------------------------------------------------------------------------------
// On the engine's thread.
const roles = ['system', 'user', 'assistant'];
writes_only('a language model: it has generate and chat');

Engine.prototype.write = function (input, options, progress, signal) {
  return in_turn(this, signal, (parts) => write(parts, input, options, progress, signal));
};

async function write({ wasm, bytes, string, put, check, open }, { prompt, messages }, options, progress, signal) {
  const { max_tokens, temperature = 0, top_k = 0, top_p = 1, min_p = 0, repetition_penalty = 1, seed = 0 } = options,
    { stop = [], special = true, truncate = false } = options,
    most = max_tokens ?? (messages ? 512 : 256);
  need_numbers({ temperature, top_p, min_p, repetition_penalty });
  need_whole({ max_tokens: most, top_k });
  need_whole({ seed }, Number.MAX_SAFE_INTEGER);
  const goes_on = () => next_turn(open, signal);
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
  await all_written(this);
  this.parts().wasm.reset();
};

// ---------------------------------------------------------------------------------------------------------------------
Model.prototype.generate = function (prompt, options = {}) {
  return new Writing(this.engine(), 'write', { prompt }, options);
};
Model.prototype.chat = function (messages, options = {}) {
  const list = typeof messages === 'string' ? [{ role: 'user', content: messages }] : list_of(messages);
  const messages_only = list.map(({ role, content }) => ({ role, content }));
  return new Writing(this.engine(), 'write', { messages: messages_only }, options);
};
// Forgets all texts: the next one begins as the first one did.
Model.prototype.reset = function () {
  return this.engine().call('reset', []);
};
