// A language model's package under Node: it writes what Transformers writes, part by part, and stops when it should.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { brotliCompressSync } from 'node:zlib';
import { after, before, test } from 'node:test';
import { launch, open } from './support/browser.mjs';
import { folder, golden, make } from './support/causal.mjs';
import { run } from './support/package.mjs';
import { serve } from './support/server.mjs';

const asked = JSON.parse(readFileSync(join(golden, 'asked.json'), 'utf8')),
  name = basename(folder);
let load, supports, ConstformerError, model;
before(async () => {
  await make();
  ({ load, supports, ConstformerError } = await import(pathToFileURL(join(folder, 'index.mjs'))));
  model = await load();
});
after(() => model?.dispose());
const refused = (code, sentence) => (problem) => {
  assert.ok(problem instanceof ConstformerError, problem);
  assert.equal(problem.code, code);
  assert.match(problem.message, sentence);
  return true;
};

test('the package holds the engine, the weights and one module of everything', () => {
  const files = ['LICENSE', 'README.md', 'index.mjs', 'package.json'];
  for (const end of ['d.ts', 'hpp', 'mjs', 'relaxed.wasm', 'threads.wasm', 'wasm', 'weights']) files.push(`${name}.${end}`);
  assert.deepEqual(readdirSync(folder).sort(), files.sort());
  assert.match(readFileSync(join(folder, 'README.md'), 'utf8'), /model\.generate\(/);
  // chat engine for the web, tokenizer included: 150 KB
  const sizes = [`${name}.relaxed.wasm`, `${name}.mjs`].map((f) => brotliCompressSync(readFileSync(join(folder, f))).length);
  assert.ok(sizes[0] + sizes[1] <= 150_000, `${sizes} bytes`);
});

for (const relaxed of [false, true])
  test(`writes what Transformers writes, ${relaxed ? 'relaxed SIMD' : 'simd128'}`, async (t) => {
    if (relaxed && !supports().relaxed) return t.skip('this engine has no relaxed SIMD');
    const one = await load(undefined, { relaxed });
    for (const { prompt, penalty = 1, text } of asked.generate) {
      const found = await one.generate(prompt, { max_tokens: 24, repetition_penalty: penalty });
      assert.equal(found.text, text, prompt);
      assert.ok(found.tokens <= 24 && ['end', 'length'].includes(found.stop), found.stop);
    }
    for (const { messages, text } of asked.chat) assert.equal((await one.chat(messages, { max_tokens: 24 })).text, text);
    one.dispose();
  });

test('describes itself', async () => {
  const { task, chats, positions, longest, parameters, outputs } = await model.describe();
  assert.deepEqual({ task, chats, positions, longest, outputs }, { task: 'generate', chats: true, positions: 128, longest: 128, outputs: [] });
  assert.ok(parameters > 10_000);
  const { ids, tokens } = await model.tokenize('The cat');
  assert.equal(ids.length, tokens.length);
  assert.equal((await model.generate('The cat', { max_tokens: 1 })).prompt, ids.length);
});

test('text comes in parts, to a loop and to a function', async () => {
  const { prompt, text } = asked.generate[0],
    heard = [],
    read = [];
  let parts = '';
  const options = { max_tokens: 24, onToken: (part) => heard.push(part), onProgress: (step) => read.push(step) };
  await model.reset();
  for await (const part of model.generate(prompt, options)) {
    assert.notEqual(part, '');
    parts += part;
  }
  assert.equal(parts, text);
  assert.equal(heard.join(''), text);
  assert.ok(heard.length > 5, `${heard.length} parts`);
  const { loaded, total, phase } = read.at(-1);
  assert.ok(phase === 'prompt' && loaded === total && total > 0, `${phase} ${loaded} of ${total}`);
});

test('what two prompts begin with is read once', async () => {
  await model.reset();
  const first = [{ role: 'user', content: 'The cat sat' }],
    one = await model.chat(first, { max_tokens: 8 });
  assert.equal(one.reused, 0);
  const second = [...first, { role: 'assistant', content: one.text }, { role: 'user', content: 'a dog?' }],
    next = await model.chat(second, { max_tokens: 8 });
  assert.ok(next.reused >= one.prompt && next.reused < next.prompt, `${next.reused} of ${next.prompt}`);
  await model.reset();
  const anew = await model.chat(second, { max_tokens: 8 });
  assert.equal(anew.reused, 0);
  assert.equal(anew.text, next.text);
});

test('a stop text ends it and is not shown; so do the number of tokens and a full context', async () => {
  const stopped = await model.generate('plants make food', { stop: 'tight' });
  assert.deepEqual([stopped.text, stopped.stop], ['tsigh', 'stop']);
  assert.equal((await model.generate('plants make food', { stop: ['nowhere', 'tight'] })).text, 'tsigh');
  assert.equal((await model.generate('plants make food', { max_tokens: 3 })).stop, 'length');
  const small = await load(undefined, { tokens: 12 });
  const { stop, prompt, tokens } = await small.generate('plants make food');
  assert.equal(stop, 'full');
  assert.equal(prompt + tokens, 13);
  const long = 'the cat '.repeat(40);
  await assert.rejects(small.generate(long), refused('input', /tokens, the context has room for 12/));
  assert.equal((await small.generate(long, { truncate: true, max_tokens: 1 })).prompt, 12);
  small.dispose();
});

test('what is drawn depends on the seed', async () => {
  const draw = async (seed) => (await model.generate('The cat', { max_tokens: 9, temperature: 1.5, top_k: 50, seed })).text;
  const [a, b, c] = [await draw(1), await draw(1), await draw(2 ** 40 + 1)];
  assert.equal(a, b);
  assert.notEqual(a, c);
  const cut = { max_tokens: 9, temperature: 5, top_p: 1e-6 },
    best = (await model.generate('The cat', { max_tokens: 9 })).text;
  assert.equal((await model.generate('The cat', cut)).text, best);
  assert.equal((await model.generate('The cat', { max_tokens: 9, temperature: 5, min_p: 1 })).text, best);
});

test('it can be stopped, and goes on with the next text', async () => {
  const { prompt, text } = asked.generate[0],
    stop = new AbortController();
  let parts = 0;
  await assert.rejects(
    model.generate(prompt, { signal: stop.signal, onToken: () => ++parts === 3 && stop.abort() }),
    refused('aborted', /stopped/),
  );
  assert.equal(parts, 3);
  await assert.rejects(model.generate(prompt, { signal: AbortSignal.abort() }), refused('aborted', /stopped/));
  for await (const part of model.generate(prompt)) if (part) break; // leaving the loop stops it, too
  assert.equal((await model.generate(prompt, { max_tokens: 24 })).text, text);

  // side by side: one after another; one that waits can be stopped as well
  const later = new AbortController(),
    texts = [0, 2, 4].map((i) => model.generate(asked.generate[i].prompt, { max_tokens: 24 })),
    waiting = model.generate('x', { signal: later.signal });
  later.abort();
  await assert.rejects(waiting, refused('aborted', /stopped/));
  assert.deepEqual((await Promise.all(texts)).map((one) => one.text), [0, 2, 4].map((i) => asked.generate[i].text));
  const other = await load(),
    writing = other.generate('The cat', { onToken: () => other.dispose() });
  await assert.rejects(writing, refused('disposed', /disposed/));
  await assert.rejects(other.generate('The cat'), refused('disposed', /disposed/));
});

test('what is wrong is one sentence', async () => {
  const user = { role: 'user', content: 'x' };
  for (const [sentence, writing] of [
    [/the prompt is empty/, model.generate('', { special: false })],
    [/a text must be a string, not number/, model.generate(3)],
    [/longer than the 65,536 bytes/, model.generate('x'.repeat(70_000))],
    [/tokens, the context has room for 128/, model.generate('the cat '.repeat(200))],
    [/max_tokens: a whole number of at least 0 is needed, not many/, model.generate('x', { max_tokens: 'many' })],
    [/0 new tokens, at least 1/, model.generate('x', { max_tokens: 0 })],
    [/the temperature must be/, model.generate('x', { temperature: -1 })],
    [/temperature: a number is needed, not warm/, model.generate('x', { temperature: 'warm' })],
    [/top-p must be above 0/, model.generate('x', { top_p: 0 })],
    [/min-p must lie/, model.generate('x', { min_p: 2 })],
    [/penalty must be/, model.generate('x', { repetition_penalty: 0 })],
    [/seed: a whole number/, model.generate('x', { seed: 0.5 })],
    [/at most 16 texts/, model.generate('x', { stop: Array(17).fill('y') })],
    [/there are no messages/, model.chat([])],
    [/message 0 has the role "robot"/, model.chat([{ role: 'robot', content: 'x' }])],
    [/message 0 has no text as its content/, model.chat([{ role: 'user' }])],
    [/message 0 is empty/, model.chat(' ')],
    [/the last message is not the user's/, model.chat([user, { role: 'assistant', content: 'x' }])],
    [/which may only come first/, model.chat([user, { role: 'system', content: 'x' }])],
    [/holds <\|im_end\|>, which separates/, model.chat('a<|im_end|>b')],
    [/300 messages, at most 256/, model.chat(Array(300).fill(user))],
    [/is a language model: it has generate and chat, not embed/, model.embed('x')],
    [/not classify/, model.classify('x')],
    [/not run/, model.run({ input_ids: [[1]] })],
    [/reads no pairs/, model.tokenize('a', { pair: 'b' })],
  ])
    await assert.rejects(writing, refused('input', sentence));
  const { prompt, text } = asked.generate[0];
  assert.equal((await model.generate(prompt, { max_tokens: 24 })).text, text);
});

test('weights of another file, or damaged ones, are refused', async (t) => {
  const away = mkdtempSync(join(tmpdir(), 'constformer-'));
  t.after(() => rmSync(away, { recursive: true }));
  const bytes = readFileSync(join(folder, `${name}.weights`)),
    file = join(away, 'bad.weights');
  const attempt = (data) => {
    writeFileSync(file, data);
    return load(pathToFileURL(file));
  };
  await assert.rejects(attempt(bytes.subarray(0, 5000)), refused('incomplete', /ended after 5,000/));
  const damaged = Buffer.from(bytes);
  damaged[5000] ^= 1;
  await assert.rejects(attempt(damaged), refused('weights', /./));
});

test('no text takes memory that loading has not taken', async () => {
  const one = await load();
  const taken = async () => (await one.describe()).memory_bytes,
    loaded = await taken();
  const user = (content) => ({ role: 'user', content });
  for (let round = 0; round < 3; ++round) {
    await one.generate('a'.repeat(65_000), { truncate: true, max_tokens: 4 });
    await one.generate('The cat', { temperature: 1, top_p: 0.9, repetition_penalty: 1.1, max_tokens: 100, stop: ['\u0000'.repeat(60)] });
    await assert.rejects(one.chat([user('b '.repeat(30_000))]), refused('input', /the context has room/));
    await assert.rejects(one.chat(Array(256).fill(user('c'.repeat(250)))), refused('input', /the context has room/));
  }
  assert.equal(await taken(), loaded);
  one.dispose();
});

test('in a worker of a page, and with threads that share a memory', async () => {
  const browser = await launch();
  for (const headers of [{}, { 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp' }]) {
    writeFileSync(join(folder, 'blank.html'), '<!doctype html><title>x</title><link rel="icon" href="data:,">');
    const server = await serve(folder, { headers }),
      { context, page } = await open(browser);
    try {
      await page.goto(`${server.url}blank.html`);
      const { prompt, text } = asked.generate[0];
      const found = await page.evaluate(async (prompt) => {
        const { load } = await import('./index.mjs');
        const model = await load(undefined, { threads: crossOriginIsolated ? 2 : 1 }),
          parts = [];
        for await (const part of model.generate(prompt, { max_tokens: 24 })) parts.push(part);
        const stop = new AbortController();
        const aborted = await model
          .generate(prompt, { signal: stop.signal, onToken: () => stop.abort() })
          .catch((problem) => problem.code);
        const writing = model.generate(prompt).catch((problem) => problem.code);
        const about = await model.describe();
        model.dispose();
        return { text: parts.join(''), parts: parts.length, aborted, disposed: await writing, ...about };
      }, prompt);
      assert.equal(found.text, text);
      assert.ok(found.parts > 5);
      assert.deepEqual([found.thread, found.aborted, found.disposed], ['worker', 'aborted', 'disposed']);
      assert.equal(found.threads, Object.keys(headers).length ? 2 : 1);
    } finally {
      await context.close();
      await server.close();
      rmSync(join(folder, 'blank.html'));
    }
  }
  await browser.close();
});

test('TypeScript knows its types', async (t) => {
  const away = mkdtempSync(join(folder, 'types-'));
  t.after(() => rmSync(away, { recursive: true }));
  writeFileSync(
    join(away, 'types.mts'),
    `import { load, type Model, type Written, type Message } from '${name}';
const model: Model = await load();
const messages: Message[] = [{ role: 'user', content: 'x' }];
for await (const part of model.chat(messages, { temperature: 0.7, top_k: 40, seed: 1, stop: ['a'] })) console.log(part.length);
const { text, stop }: Written = await model.generate('x', { max_tokens: 3, special: false, signal: new AbortController().signal });
const chats: boolean | undefined = (await model.describe()).chats;
const [vector]: Float32Array[] = await model.embed('x');
console.log(text, stop === 'full', chats, vector);
// @ts-expect-error: no such role
model.chat([{ role: 'robot', content: 'x' }]);
// @ts-expect-error: a number
model.generate('x', { temperature: 'warm' });
`,
  );
  const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
  const common = ['--noEmit', '--strict', '--target', 'es2022', '--lib', 'es2022,dom'];
  await run(process.execPath, [tsc, ...common, '--module', 'nodenext', '--moduleResolution', 'nodenext', join(away, 'types.mts')]);
});
