// The module and its wrapper on this thread, under Node: the same files that a page loads, without a page.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { after, before, test } from 'node:test';
import { serve } from './support/server.mjs';
import { root, site } from './support/site.mjs';

const { load, supports, ConstformerError } = await import(pathToFileURL(join(site, 'engine/minilm_l6.mjs')));
const path = '/engine/minilm_l6.weights';
let server, model;
before(async () => {
  server = await serve(site);
  model = await load(server.url + path.slice(1));
});
after(() => server?.close());

// A .safetensors file's F32 tensors.
function tensors(file) {
  const bytes = readFileSync(file),
    header = Number(bytes.readBigUInt64LE(0)),
    about = JSON.parse(bytes.subarray(8, 8 + header));
  return Object.fromEntries(
    Object.entries(about)
      .filter(([name]) => name !== '__metadata__')
      .map(
        ([
          name,
          {
            shape,
            data_offsets: [from, to],
          },
        ]) => [
          name,
          {
            shape,
            data: new Float32Array(
              bytes.buffer.slice(bytes.byteOffset + 8 + header + from, bytes.byteOffset + 8 + header + to),
            ),
          },
        ],
      ),
  );
}
const refused = (code, sentence) => (problem) => {
  assert.ok(problem instanceof ConstformerError, problem);
  assert.equal(problem.code, code);
  assert.match(problem.message, sentence);
  return true;
};

for (const relaxed of [false, true])
  test(`embeds as sentence-transformers does, ${relaxed ? 'relaxed SIMD' : 'simd128'}`, async (t) => {
    if (relaxed && !supports().relaxed) return t.skip('this engine has no relaxed SIMD');
    const one = await load(server.url + path.slice(1), { relaxed });
    const sentences = readFileSync(join(root, 'tests/golden/minilm/sentences.txt'), 'utf8').split('\n').slice(0, 200);
    const { embeddings } = tensors(join(root, 'tests/golden/minilm/embeddings.safetensors'));
    const vectors = await one.embed(sentences, { truncate: true });
    let most = 0,
      least = 1;
    vectors.forEach((vector, row) => {
      let cosine = 0;
      vector.forEach((value, i) => {
        const expected = embeddings.data[384 * row + i];
        most = Math.max(most, Math.abs(value - expected));
        cosine += value * expected;
      });
      least = Math.min(least, cosine);
    });
    assert.ok(most <= 1e-5, `largest difference ${most}`);
    assert.ok(least >= 0.999999, `smallest cosine ${least}`);
    assert.equal((await one.describe()).build, relaxed ? 'relaxed SIMD' : 'simd128');
    one.dispose();
    await assert.rejects(one.embed('x'), refused('disposed', /disposed/));
  });

test('a batch gives what its texts give alone', async () => {
  const texts = ['one', 'a somewhat longer sentence about nothing at all', '', 'ü 😀 中文', 'x '.repeat(300)];
  const together = await model.embed(texts);
  for (const [i, text] of texts.entries()) {
    const [alone] = await model.embed(text);
    alone.forEach((value, k) => assert.ok(Math.abs(value - together[i][k]) < 1e-6));
  }
});

test('tokens come with their places in the JavaScript string', async () => {
  const text = '😀 Unaffable cafés, 中!';
  const { ids, tokens, offsets } = await model.tokenize(text);
  assert.equal(tokens[0], '[CLS]');
  assert.equal(tokens.at(-1), '[SEP]');
  assert.equal(ids.length, tokens.length);
  const slice = (token) => {
    const i = tokens.indexOf(token);
    return text.slice(...offsets[i]);
  };
  assert.equal(slice('una'), 'Una');
  assert.equal(slice('cafes'), 'cafés');
  assert.equal(slice('!'), '!');
});

test('run answers as Transformers names it, and agrees with embed', async () => {
  const { ids } = await model.tokenize('how do plants make food');
  const padded = [...ids, 0, 0],
    mask = [...ids].map(() => 1).concat(0, 0);
  const { last_hidden_state: states, pooler_output: pooled } = await model.run({
    input_ids: [padded, padded],
    attention_mask: [mask, mask],
  });
  assert.deepEqual(states.dims, [2, padded.length, 384]);
  assert.deepEqual(pooled.dims, [2, 384]);
  assert.ok(pooled.data.every((value) => Math.abs(value) <= 1));
  const mean = new Float32Array(384);
  for (let token = 0; token < ids.length; ++token)
    for (let i = 0; i < 384; ++i) mean[i] += states.data[384 * token + i];
  const length = Math.hypot(...mean),
    [expected] = await model.embed('how do plants make food');
  mean.forEach((value, i) => assert.ok(Math.abs(value / length - expected[i]) < 1e-5));
  const big = { dims: [1, ids.length], data: BigInt64Array.from(ids, BigInt) };
  const flat = await model.run({ input_ids: big });
  assert.ok(flat.last_hidden_state.data.every((value, i) => Math.abs(value - states.data[i]) < 1e-4));
});

test('attention is a distribution for every word of every head', async () => {
  const { tokens, layers, heads, probabilities } = await model.attention('the cat sat on the mat');
  const n = tokens.length;
  assert.equal(probabilities.length, layers * heads * n * n);
  for (let row = 0; row < layers * heads * n; ++row) {
    const sum = probabilities.subarray(row * n, row * n + n).reduce((a, b) => a + b, 0);
    assert.ok(Math.abs(sum - 1) < 1e-5, `row ${row} adds up to ${sum}`);
  }
});

test('search is exact and ranks best first', async () => {
  const vectors = await model.embed(Array.from({ length: 300 }, (_, i) => `passage number ${i}`));
  const all = new Float32Array(300 * 384);
  vectors.forEach((vector, i) => all.set(vector, 384 * i));
  const index = await model.index([], { vectors: all });
  assert.equal(index.size, 300);
  const [query] = await model.embed('passage number 123');
  const expected = vectors
    .map((vector, i) => ({ i, score: vector.reduce((sum, value, k) => sum + value * query[k], 0) }))
    .sort((a, b) => b.score - a.score);
  const { hits, stages } = await index.search('passage number 123', 20);
  assert.deepEqual(
    hits.map(({ index: i }) => i),
    expected.slice(0, 20).map(({ i }) => i),
  );
  hits.forEach(({ score }, k) => assert.ok(Math.abs(score - expected[k].score) < 1e-5));
  assert.deepEqual(
    stages.map(({ name }) => name),
    ['tokens', 'embeddings', 'attention', 'feed forward', 'pooling', 'search'],
  );
  assert.equal(await index.add(['one more', 'and another']), 302);
  assert.equal((await index.vectors()).length, 302 * 384);
  await index.drop();
  await assert.rejects(index.search('x'), refused('input', /dropped/));
  assert.equal((await model.search('rent', ['cats', 'the landlord'], 1)).hits[0].index, 1);
});

test('memory does not grow after the model is loaded, whatever is asked', async () => {
  const { memory_bytes: before_all } = await model.describe();
  const same = async (what) => assert.equal((await model.describe()).memory_bytes, before_all, what);
  const long = ['long '.repeat(2000), 'w'.repeat(30_000), '\u0301'.repeat(16_000), '中'.repeat(9_000)];
  await model.embed(long, { truncate: true });
  await model.embed(Array.from({ length: 70 }, (_, i) => 'word '.repeat(i)));
  await same('embed');
  await assert.rejects(model.embed('long '.repeat(2000)), refused('input', /more than the 512 tokens that fit/));
  await assert.rejects(model.embed('x'.repeat(40_000)), refused('input', /longer than the 16,384 bytes/));
  await assert.rejects(model.classify('x'), refused('input', /no classifier/));
  await assert.rejects(model.run({ input_ids: [[101, 40_000]] }), refused('input', /outside the vocabulary/));
  await same('errors');
  for (const text of long) await model.tokenize(text, { pair: text, truncate: true });
  await same('tokenize');
  await model.attention(long[0]);
  await same('attention');
  await model.run({ input_ids: [new Int32Array(512).fill(5)] });
  await model.run({ input_ids: Array.from({ length: 9 }, () => new Int32Array(60).fill(7)) });
  await same('run');
  const index = await model.index(Array.from({ length: 150 }, (_, i) => `passage ${i}`));
  for (const query of ['passage 7', '', long[0]]) await index.search(query, 500);
  await index.drop();
  await same('search');
});

// Every WebAssembly memory that a module is instantiated with from here on, until garbage collection takes it.
async function with_memories(run) {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc'),
    instantiate = WebAssembly.instantiate,
    alive = new Set(),
    gone = new FinalizationRegistry((id) => alive.delete(id));
  WebAssembly.instantiate = async (...given) => {
    const made = await instantiate(...given),
      id = Symbol('memory');
    alive.add(id);
    gone.register(made.exports.memory, id);
    return made;
  };
  try {
    await run(async () => {
      for (let i = 0; i < 50 && alive.size; ++i) {
        collect();
        await wait(10);
      }
      return alive.size;
    });
  } finally {
    WebAssembly.instantiate = instantiate;
  }
}

test('after dispose nothing is kept, though the caller keeps the model, its index and its results', () =>
  with_memories(async (still_alive) => {
    const one = await load(server.url + path.slice(1)),
      index = await one.index(['a', 'b']),
      kept = [
        one,
        index,
        await index.search('a'),
        await one.embed('a'),
        await one.attention('a'),
        await one.describe(),
      ];
    assert.equal(await still_alive(), 1, 'a model that is in use is collected');
    one.dispose();
    assert.equal(await still_alive(), 0);
    assert.equal(kept.length, 6);
    for (const call of [() => one.embed('a'), () => index.search('a'), () => index.add(['c']), () => one.describe()])
      await assert.rejects(call(), refused('disposed', /disposed of/));
    one.dispose(); // a second time is no error
  }));

test('a call that dispose interrupts says so and lets go', () =>
  with_memories(async (still_alive) => {
    const one = await load(server.url + path.slice(1)),
      waiting = one.embed(
        Array.from({ length: 500 }, (_, i) => `passage number ${i}`),
        { onProgress: () => one.dispose() },
      );
    await assert.rejects(waiting, refused('disposed', /disposed of/));
    assert.equal(await still_alive(), 0);
  }));

test('a load that fails or is stopped keeps nothing', () =>
  with_memories(async (still_alive) => {
    for (const fault of [{ cut: 5_000_000 }, { end: 10_000_000 }, { file: join(site, 'index.html') }]) {
      server.faults.set(path, { ...fault, times: 1 });
      await assert.rejects(load(server.url + path.slice(1)), ConstformerError);
    }
    const stop = new AbortController(),
      onProgress = ({ phase, loaded }) => phase === 'weights' && loaded > 1e6 && stop.abort();
    await assert.rejects(
      load(server.url + path.slice(1), { signal: stop.signal, onProgress }),
      refused('aborted', /stopped/),
    );
    assert.equal(await still_alive(), 0);
  }));

test('wrong arguments get a sentence', async () => {
  const ids = [[101, 102]];
  for (const [call, sentence] of [
    [() => model.embed([1]), /must be a string, not number/],
    [() => model.embed(null), /a string or a list of strings, not null/],
    [() => model.index(7), /a string or a list of strings, not number/],
    [() => load('http://'), /http:\/\/ is no URL/],
    [() => model.classify('x'), /is no classifier of texts; use run/],
    [() => model.embed('x'.repeat(70_000)), /70,000 characters is longer than the 16,384 bytes/],
    [() => model.run({}), /needs input_ids/],
    [() => model.run({ input_ids: [[101, 30522]] }), /token id 30522 is outside the vocabulary of 30522/],
    [() => model.run({ input_ids: [[101, -1]] }), /token id -1 is outside/],
    [() => model.run({ input_ids: ids, token_type_ids: [[0, 2]] }), /segment 2/],
    [() => model.run({ input_ids: ids, attention_mask: [[1]] }), /attention_mask is \(1, 1\), input_ids is \(1, 2\)/],
    [() => model.run({ input_ids: [[1, 2], [3]] }), /same length/],
    [() => model.run({ input_ids: [[]] }), /0 tokens/],
    [() => model.run({ input_ids: [new Array(513).fill(1)] }), /513 tokens/],
    [() => model.run({ pixel_values: ids }), /not pixel_values/],
    [() => model.index([], { vectors: new Float32Array(100) }), /100 numbers are no rows of 384/],
    [() => model.search(new Float32Array(3), ['a']), /3 numbers, the model's width is 384/],
  ])
    await assert.rejects(call(), refused('input', sentence));
});

for (const [name, fault, code, sentence] of [
  ['is missing', { status: 404 }, 'network', /404/],
  ['is cut', { cut: 5_000_000 }, 'incomplete', /broke off after [\d,]+ of 91,/],
  ['is shorter than it says', { end: 100 }, 'incomplete', /ended after 100 bytes/],
  ['is something else', { file: join(site, 'index.html') }, 'weights', /not a packed weights file/],
])
  test(`load says so where the weights file ${name}, and succeeds later`, async () => {
    server.faults.set(path, { ...fault, times: 1 });
    await assert.rejects(load(server.url + path.slice(1)), refused(code, sentence));
    (await load(server.url + path.slice(1))).dispose();
  });

test('load can be aborted', async () => {
  const stop = new AbortController();
  await assert.rejects(
    load(server.url + path.slice(1), {
      signal: stop.signal,
      onProgress: ({ phase, loaded }) => {
        if (phase === 'weights' && loaded > 1e6) stop.abort();
      },
    }),
    refused('aborted', /stopped/),
  );
});

test('fewer tokens take less memory', async () => {
  const small = await load(server.url + path.slice(1), { tokens: 64 });
  const about = await small.describe();
  assert.equal(about.longest, 64);
  assert.ok(about.memory_bytes < (await model.describe()).memory_bytes - 3e6);
  await assert.rejects(small.embed('word '.repeat(64)), refused('input', /more than the 64 tokens/));
  small.dispose();
});
