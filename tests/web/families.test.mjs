// Every family of checkpoints that the compiler takes for the web beside BERT's and Llama's, and weights in blocks of 8 and 4
// bits: what their packages say under Node, and of one in a page's worker.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { brotliCompressSync } from 'node:zlib';
import { after, before, test } from 'node:test';
import { launch, open } from './support/browser.mjs';
import { compiled } from './support/compiled.mjs';
import { run } from './support/package.mjs';
import { serve } from './support/server.mjs';
import { root } from './support/site.mjs';

const golden = (name) => join(root, 'tests/golden', name),
  json = (file) => JSON.parse(readFileSync(file, 'utf8')),
  rows = (file) => readFileSync(join(root, file), 'utf8').trim().split('\n').map((line) => line.split('\t')),
  module_of = (folder) => import(pathToFileURL(join(folder, 'index.mjs'))),
  places = {
    dates: compiled('data/dates', 'dates'),
    marian: compiled('tests/golden/marian_w27_h3', 'marian'),
    agreement: compiled('data/agreement', 'agreement'),
    xlnet: compiled('tests/golden/xlnet_sequence', 'xlnet'),
  };
for (const precision of ['q8', 'q4']) {
  places[`bert_${precision}`] = compiled('tests/golden/bert_w64_h2', `bert_${precision}`, precision);
  places[`llama_${precision}`] = compiled('tests/golden/llama_chat', `llama_${precision}`, precision);
}
const models = [],
  load = async (name, options) => {
    const model = await (await module_of(await places[name])).load(undefined, options);
    models.push(model);
    return model;
  };
let dates;
before(async () => {
  await Promise.all(Object.values(places));
  dates = await load('dates');
});
after(() => models.forEach((model) => model.dispose()));
const refused = (code, sentence) => (problem) => {
  assert.equal(problem.name, 'ConstformerError', problem.stack);
  assert.equal(problem.code, code);
  assert.match(problem.message, sentence);
  return true;
};

test('a T5 that was trained here writes dates: 995 of 1000 that it has not seen, at least', async () => {
  const lines = rows('data/dates/test.tsv'),
    texts = lines.map(([text]) => text),
    right = (found) => found.filter(({ text }, i) => text === lines[i][1]).length,
    heard = [];
  const found = await dates.translate(texts, { onProgress: ({ phase, loaded, total }) => heard.push([phase, loaded, total]) });
  assert.ok(lines.length === 1000 && right(found) >= 995, `${right(found)} of ${lines.length}`);
  assert.deepEqual(heard.at(-1), ['texts', 1000, 1000]);
  assert.ok(found.every(({ stop, score, ids, best }) => stop === 'end' && score === 0 && ids.length > 1 && best.length === 1));
  const wide = await dates.translate(texts.slice(0, 200), { beams: 3 });
  assert.ok(right(wide) >= 199, `${right(wide)} of 200`);
});

test('a Marian writes what Transformers writes, in beams and greedily, token by token', async () => {
  const model = await load('marian'),
    asked = json(join(golden('marian_w27_h3'), 'asked.json'));
  for (const [line, ids] of asked.tokenize) assert.deepEqual(Array.from((await model.tokenize(line)).ids), ids, line);
  for (const [name, options] of [['translate', {}], ['greedy', { beams: 1 }]])
    for (const [line, ids, text] of asked[name]) {
      const one = await model.translate(line, options);
      assert.deepEqual([one.text, Array.from(one.ids)], [text, ids.slice(1)], `${name} ${line}`);
    }
  const [line, , text] = asked.translate[0];
  assert.equal((await model.summarize(line)).text, text);
  assert.equal((await model.translate('warms the sea.', { prefix: 'The sun ' })).text, text);
});

test('greedy text comes in parts, beams are ranked, and options change what is written', async () => {
  const [source, wanted] = rows('data/dates/test.tsv')[0],
    parts = [],
    heard = [];
  for await (const part of dates.translate(source, { onToken: (text) => heard.push(text) })) parts.push(part);
  assert.equal(parts.join(''), wanted);
  assert.deepEqual(heard, parts);
  assert.ok(parts.length > 5, `${parts.length} parts`);
  const { best, score, text, source: tokens } = await dates.translate(source, { beams: 4, best: 3 });
  assert.equal(text, wanted);
  assert.ok(tokens > 3 && best.length === 3 && best[0].score === score && best[0].score >= best[1].score && best[1].score >= best[2].score);
  const shorter = await dates.translate(source, { beams: 4, best: 3, length_penalty: 0 });
  assert.ok(Math.abs(shorter.score - score * best[0].ids.length) < 1e-5, `${shorter.score} and ${score}`);
  const cut = await dates.translate(source, { max_tokens: 4 });
  assert.deepEqual([cut.stop, cut.text, cut.ids.length], ['length', wanted.slice(0, 4), 4]);
  const indices = new Set();
  await dates.translate([source, source], { beams: 2, onToken: (part, _, index) => indices.add(`${index} ${part}`) });
  assert.deepEqual([...indices], [`0 ${wanted}`, `1 ${wanted}`]);
});

test('it can be stopped, waits its turn, and says what is wrong in one sentence', async () => {
  const [source, wanted] = rows('data/dates/test.tsv')[0],
    stop = new AbortController();
  let parts = 0;
  const stopped = dates.translate(source, { signal: stop.signal, onToken: () => ++parts === 3 && stop.abort() });
  await assert.rejects(stopped, refused('aborted', /stopped/));
  assert.equal(parts, 3);
  for await (const part of dates.translate(source)) if (part) break;
  const both = await Promise.all([dates.translate(source), dates.translate([source, source], { beams: 2 })]);
  assert.deepEqual([both[0].text, ...both[1].map(({ text }) => text)], [wanted, wanted, wanted]);
  for (const [sentence, ask] of [
    [/beams: 9 beams, there is room for 4/, () => dates.translate('x', { beams: 9 })],
    [/0 beams, at least 1 is needed/, () => dates.translate('x', { beams: 0 })],
    [/beams: a whole number of at least 0 is needed, not many/, () => dates.translate('x', { beams: 'many' })],
    [/the 2 best were asked for of 1 beams/, () => dates.translate('x', { beams: 1, best: 2 })],
    [/4000 new tokens, there is room for 1 to 12/, () => dates.translate('x', { max_tokens: 4000 })],
    [/length_penalty: a number is needed, not Infinity/, () => dates.translate('x', { length_penalty: Infinity })],
    [/prefix: a text is needed, not 3/, () => dates.translate('x', { prefix: 3 })],
    [/a text must be a string, not number/, () => dates.translate(['x', 3])],
    [/tokens, at most 64 fit/, () => dates.translate('x '.repeat(100))],
    [/longer than the 65,536 bytes/, () => dates.translate('x'.repeat(70_000))],
    [/is an encoder-decoder: it has translate and summarize, not embed/, () => dates.embed('x')],
    [/not run/, () => dates.run({ input_ids: [[1]] })],
    [/reads no pairs/, () => dates.tokenize('a', { pair: 'b' })],
  ])
    await assert.rejects(async () => ask(), refused('input', sentence));
  await assert.rejects(async () => dates.translate(3), refused('input', /texts must be a string or a list/));
  assert.equal((await dates.translate('x '.repeat(100), { truncate: true })).source, 64);
  const other = await load('dates'),
    writing = other.translate(source, { onToken: () => other.dispose() });
  await assert.rejects(writing, refused('disposed', /disposed/));
});

test('no text takes memory that loading has not taken; loading says how much', async () => {
  const one = await load('dates', { tokens: 40, beams: 8 }),
    about = await one.describe();
  assert.deepEqual([about.task, about.longest, about.decoder_layers, about.beams, about.prefixes.translate], ['rewrite', 40, 2, 1, '']);
  for (let round = 0; round < 3; ++round) {
    await one.translate('a'.repeat(65_000), { truncate: true, beams: 8, best: 8, max_tokens: 40 });
    await one.translate('3 March 2021', { max_tokens: 40 });
    await one.translate('the 3rd of March', { beams: 2 });
  }
  assert.equal((await one.describe()).memory_bytes, about.memory_bytes);
});

test('an XLNet that was trained here fills gaps with verbs that agree: 980 of 1000, at least', async () => {
  const model = await load('agreement'),
    lines = rows('data/agreement/test.tsv'),
    forms = {
      singular: ['is', 'was', 'has', 'seems', 'stays', 'looks'],
      plural: ['are', 'were', 'have', 'seem', 'stay', 'look'],
    };
  let good = 0;
  for (const [text, number] of lines) {
    const [[best], ...more] = await model.fill(text, { top: 1 });
    good += forms[number].includes(best.text.trim()) && more.length === 0;
  }
  assert.ok(lines.length === 1000 && good >= 980, `${good} of ${lines.length}`);
  const [first, second] = await model.fill('the key <mask> <mask>', { top: 3 });
  assert.ok(first.length === 3 && second.length === 3 && first[0].score >= first[1].score && first[0].score <= 1);
  const { longest, usual, memory_bytes } = await model.describe();
  assert.deepEqual([longest, usual], [64, 64]); // its positions have no end
  for (const [sentence, ask] of [
    [/the text has no <mask>, at least one is needed/, () => model.fill('the key is there')],
    [/top: a whole number from 1 to 128 is needed, not 0/, () => model.fill('the <mask>', { top: 0 })],
    [/more than the 64 tokens that fit/, () => model.fill('the <mask> '.repeat(100))],
    [/gives logits, not embeddings/, () => model.embed('x')],
  ])
    await assert.rejects(ask, refused('input', sentence));
  assert.equal((await model.fill('the <mask> '.repeat(100), { truncate: true, top: 128 })).length > 20, true);
  assert.equal((await model.describe()).memory_bytes, memory_bytes);
});

test('an XLNet says of texts what Transformers says', async () => {
  const model = await load('xlnet'),
    asked = json(join(golden('xlnet_sequence'), 'asked.json'));
  for (const [line, ids] of asked.tokenize) assert.deepEqual(Array.from((await model.tokenize(line)).ids), ids, line);
  for (const [line, scores] of asked.classify)
    for (const { index, score } of await model.classify(line)) assert.ok(Math.abs(score - scores[index]) < 1e-6, line);
  const { segments, offsets, tokens } = await model.tokenize('the cat', { pair: 'a dog' });
  assert.deepEqual(Array.from(segments), [0, 0, 0, 1, 1, 1, 2]);
  assert.deepEqual([tokens.at(-1), offsets.at(-1)], ['<cls>', [0, 0]]);
  await assert.rejects(model.fill('the <mask>'), refused('input', /fills no masks/));
});

test('weights in blocks of 8 and 4 bits give what the native programs give', async () => {
  const said = json(golden('quantized.json')),
    cosine = (a, b) => a.reduce((sum, value, i) => sum + value * b[i], 0);
  const sizes = {};
  for (const [precision, away] of [['q8', 1e-6], ['q4', 1e-3]]) { // how far it is from f32, at least
    const model = await load(`bert_${precision}`);
    for (const [i, [text, vector]] of said.embed[precision].entries()) {
      const [found] = await model.embed(text),
        near = 1 - cosine(found, vector),
        far = 1 - cosine(found, said.embed.f32[i][1]);
      // activations are rounded: where a sum differs in its last bits one of them may fall to the other side
      assert.ok(near < 1.5e-5, `${precision} ${text}: ${near}`);
      assert.ok(far > away && far > near, `${precision} ${text}: ${far} from f32, ${near} from the same`);
    }
    const writes = await load(`llama_${precision}`);
    for (const [prompt, text] of said.generate[precision])
      assert.equal((await writes.generate(prompt, { max_tokens: 24 })).text, text, `${precision} ${prompt}`);
    sizes[precision] = (await writes.describe()).weights_bytes;
  }
  assert.ok(sizes.q4 < sizes.q8, JSON.stringify(sizes));
});

test('an engine of an encoder-decoder, tokenizer and JavaScript included, is below 150 KB; a package has what was asked for', async () => {
  const folder = await places.dates,
    size = (file) => brotliCompressSync(readFileSync(join(folder, file))).length,
    all = size('dates.relaxed.wasm') + size('dates.mjs');
  assert.ok(all <= 150_000, `${all} bytes`);
  assert.deepEqual(
    json(join(folder, 'package.json')).files,
    ['index.mjs', 'dates.mjs', 'dates.d.ts', 'dates.relaxed.wasm', 'dates.weights'],
  );
  assert.match(readFileSync(join(folder, 'README.md'), 'utf8'), /model\.translate\(/);
  const options = ['-o', join(folder, 'x'), '--target', 'wasm', '--march', 'avx2'];
  await assert.rejects(
    run(join(root, 'tools/constformer'), ['compile', join(root, 'data/dates'), ...options]),
    /--march avx2: avx2 is not among simd128, relaxed, threads of WebAssembly/,
  );
});

test('in a worker of a page', async () => {
  const browser = await launch(),
    folder = await places.dates;
  writeFileSync(join(folder, 'blank.html'), '<!doctype html><title>x</title><link rel="icon" href="data:,">');
  const server = await serve(folder),
    { context, page } = await open(browser);
  try {
    await page.goto(`${server.url}blank.html`);
    const [source, wanted] = rows('data/dates/test.tsv')[0];
    const found = await page.evaluate(async (text) => {
      const { load } = await import('./index.mjs');
      const model = await load(),
        parts = [];
      for await (const part of model.translate(text)) parts.push(part);
      const many = await model.translate([text, text], { beams: 2, best: 2 });
      const stop = new AbortController();
      const aborted = await model.translate(text, { signal: stop.signal, onToken: () => stop.abort() }).catch(({ code }) => code);
      const { thread } = await model.describe();
      model.dispose();
      return { parts, many: many.map(({ best }) => best.length), ids: many[0].ids.length, aborted, thread };
    }, source);
    assert.equal(found.parts.join(''), wanted);
    assert.deepEqual([found.many, found.aborted, found.thread], [[2, 2], 'aborted', 'worker']);
    assert.ok(found.parts.length > 5 && found.ids > 5);
  } finally {
    await context.close();
    await server.close();
    rmSync(join(folder, 'blank.html'));
    await browser.close();
  }
});

test('TypeScript knows the types', async (t) => {
  const folder = await places.dates,
    away = mkdtempSync(join(folder, 'types-'));
  t.after(() => rmSync(away, { recursive: true }));
  writeFileSync(
    join(away, 'types.mts'),
    `import { load, type Model, type Translated, type Filling } from 'dates';
const model: Model = await load(undefined, { beams: 8 });
for await (const part of model.translate('x', { beams: 1, onToken: (text, tokens, index) => text.length + tokens + (index ?? 0) })) part.length;
const one: Translated = await model.summarize('x', { length_penalty: 0.5, early_stopping: true });
const many: Translated[] = await model.translate(['x'], { best: 2, prefix: '', signal: new AbortController().signal });
const masks: Filling[][] = await model.fill('x', { top: 3 });
console.log(one.best[0].ids[0], many.length, masks, one.stop === 'length');
// @ts-expect-error: a number
model.translate('x', { beams: 'many' });
`,
  );
  const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
  const common = ['--noEmit', '--strict', '--target', 'es2022', '--lib', 'es2022,dom'];
  await run(process.execPath, [tsc, ...common, '--module', 'nodenext', '--moduleResolution', 'nodenext', join(away, 'types.mts')]);
});
