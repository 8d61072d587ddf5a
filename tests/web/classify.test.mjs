// A classifier that tools/constformer compiles for the web, on this thread, under Node: labels of texts and of pairs.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { after, before, test } from 'node:test';
import { launch, open } from './support/browser.mjs';
import { serve } from './support/server.mjs';
import { root, site } from './support/site.mjs';

const golden = join(root, 'tests/golden/bert_sequence'),
  folder = join(root, 'build/classifier');
let model, load;
before(async () => {
  await promisify(execFile)(join(root, 'tools/constformer'), ['compile', golden, '-o', folder, '--target', 'wasm']);
  ({ load } = await import(pathToFileURL(join(folder, 'classifier.mjs'))));
  model = await load();
});
after(() => model?.dispose());

const close = (a, b) => Math.abs(a - b) <= 2e-5;
// What Transformers' pipeline says: Map of a text (or a text and its pair) -> [{ label, score }], the best first.
function answers(file) {
  const found = new Map();
  for (const line of readFileSync(join(golden, file), 'utf8').trim().split('\n').slice(1)) {
    const fields = line.split('\t'),
      key = fields.slice(0, -2).join('\t');
    const [label, score] = fields.slice(-2);
    found.set(key, [...(found.get(key) ?? []), { label, score: Number(score) }]);
  }
  return found;
}

for (const file of ['classify.tsv', 'classify_pair.tsv'])
  test(`labels are those of Transformers: ${file}`, async () => {
    const all = answers(file);
    assert.equal(all.size, 8);
    for (const [key, wanted] of all) {
      const [text, pair] = key.split('\t');
      const found = await model.classify(text, { pair });
      assert.deepEqual(
        found.map(({ label }) => label),
        wanted.map(({ label }) => label),
      );
      found.forEach(({ score }, i) => assert.ok(close(score, wanted[i].score), `${key}: ${score}, ${wanted[i].score}`));
    }
  });

test('a pair has two segments, and its offsets are those of its own texts', async () => {
  const texts = ['😀 the cat', 'is 😀 the dog'];
  const { ids, segments, tokens, offsets } = await model.tokenize(texts[0], { pair: texts[1] });
  const middle = tokens.indexOf('[SEP]');
  assert.deepEqual([tokens[0], tokens.at(-1)], ['[CLS]', '[SEP]']);
  assert.ok(middle > 1 && middle < tokens.length - 2);
  assert.deepEqual(
    [...segments],
    tokens.map((_, i) => (i <= middle ? 0 : 1)),
  );
  const place = (token) => tokens.flatMap((t, i) => (t === token ? [texts[segments[i]].slice(...offsets[i])] : []));
  assert.deepEqual(place('cat'), ['cat']);
  assert.deepEqual(place('the'), ['the', 'the']);
  assert.deepEqual(place('dog'), ['dog']);
  // The same by hand: the forward of these ids and segments.
  const labels = await model.classify(texts[0], { pair: texts[1] });
  const { logits } = await model.run({ input_ids: [ids], token_type_ids: [segments] });
  const sum = logits.data.reduce((all, x) => all + Math.exp(x), 0);
  for (const { index, score } of labels) assert.ok(close(score, Math.exp(logits.data[index]) / sum));
});

test('an empty pair is a pair, no pair is none', async () => {
  assert.equal((await model.tokenize('the cat', { pair: '' })).tokens.join(' '), '[CLS] the cat [SEP] [SEP]');
  assert.equal((await model.tokenize('the cat')).tokens.join(' '), '[CLS] the cat [SEP]');
  assert.ok((await model.tokenize('the cat')).segments.every((segment) => segment === 0));
});

test('a pair that is too long is refused, or cut from the longer text; memory does not grow', async () => {
  const { memory_bytes: before_all, longest } = await model.describe();
  const long = 'the cat, '.repeat(700),
    refused = (sentence) => (problem) => problem.code === 'input' && sentence.test(problem.message);
  await assert.rejects(model.classify(long, { pair: 'dog' }), refused(/more than the 70 tokens that fit/));
  await assert.rejects(model.classify(long.repeat(3), { pair: 'dog' }), refused(/bytes that one text may have/));
  await assert.rejects(
    model.classify(long, { pair: long.repeat(2) }),
    refused(/bytes that the first of its pair leaves/),
  );
  await assert.rejects(model.classify('a', { pair: 3 }), refused(/a text must be a string, not number/));
  await assert.rejects(model.embed('a'), refused(/gives logits, not embeddings/));
  for (const [pair, expected] of [
    ['dog', 2],
    [long, 34],
    [long.repeat(9), 35], // of two equally long ones, the second gets the odd token
    ['!'.repeat(40_000), 35],
    ['dog '.repeat(9) + '\u0301'.repeat(9_000), 10],
  ]) {
    const { segments } = await model.tokenize(long.repeat(9), { pair, truncate: true });
    assert.equal(segments.length, longest);
    assert.equal(segments.filter((segment) => segment === 1).length, expected);
    await model.classify(long, { pair, truncate: true });
  }
  assert.equal((await model.describe()).memory_bytes, before_all);
});

// What each of two models says alone, and what they say when their calls run at once. Also run in a page.
async function side_by_side(classifier, embedder) {
  const { load: load_one } = await import(classifier),
    { load: load_other } = await import(embedder);
  const [one, other] = await Promise.all([load_one(), load_other()]);
  const texts = Array.from({ length: 40 }, (_, i) => 'the cat and the dog '.repeat(i % 7) + i);
  const asked = [
    () => other.embed(texts),
    () => one.classify(texts[3], { pair: texts[5] }),
    () => other.attention('a cat'),
    () => one.tokenize(texts[6]),
    () => other.search('a dog', texts.slice(0, 9), 3).then(({ hits }) => hits),
    () => one.classify(texts[8]),
    () => other.tokenize(texts[6]),
  ];
  const text_of = (answers) => JSON.stringify(answers, (_, value) => (ArrayBuffer.isView(value) ? [...value] : value));
  const memory = async () => (await Promise.all([one.describe(), other.describe()])).map((about) => about.memory_bytes);
  const alone = [],
    before_all = await memory();
  for (const ask of asked) alone.push(await ask());
  const at_once = await Promise.all(asked.map((ask) => ask()));
  const after_all = await memory(),
    [about, other_about] = [await one.describe(), await other.describe()];
  one.dispose();
  const left = text_of([await other.attention('a cat')]) === text_of([alone[2]]); // the other one goes on
  other.dispose();
  return {
    same: text_of(alone) === text_of(at_once),
    grown: after_all.map((bytes, i) => bytes - before_all[i]),
    threads: [about.thread, other_about.thread],
    types: [about.type, other_about.type],
    left,
  };
}
const undisturbed = (thread, { types, ...found }) => {
  assert.notEqual(types[0], types[1]);
  assert.deepEqual(found, { same: true, grown: [0, 0], threads: [thread, thread], left: true });
};

test('two models side by side do not disturb each other', async () => {
  const files = [join(folder, 'classifier.mjs'), join(site, 'engine/minilm_l6.mjs')];
  undisturbed('caller', await side_by_side(...files.map((file) => pathToFileURL(file).href)));
});

test('nor do they in a page, each in its own worker', async () => {
  const browser = await launch(),
    server = await serve(join(root, 'build')),
    { page, complaints } = await open(browser);
  server.faults.set('/blank.html', { file: join(import.meta.dirname, 'support/blank.html') });
  try {
    await page.goto(`${server.url}blank.html`);
    const urls = [`${server.url}classifier/index.mjs`, `${server.url}site/engine/minilm_l6.mjs`];
    undisturbed('worker', await page.evaluate(`(${side_by_side})(...${JSON.stringify(urls)})`));
    assert.deepEqual(complaints, []);
  } finally {
    await browser.close();
    await server.close();
  }
});

test('the weights of another model are refused with both names', async () => {
  const other = await import(pathToFileURL(join(site, 'engine/minilm_l6.mjs')));
  for (const [load_it, weights, engine] of [
    [load, site + '/engine/minilm_l6', folder + '/classifier'],
    [other.load, folder + '/classifier', site + '/engine/minilm_l6'],
  ])
    await assert.rejects(
      load_it(pathToFileURL(`${weights}.weights`), { wasm: engines(engine) }),
      ({ code, message }) => {
        const [found, needed] = [weights, engine].map((file) => basename(file));
        assert.equal(code, 'weights', message);
        assert.match(message, new RegExp(`the file holds [\\w<>, ]*${found}.*this program needs [\\w<>, ]*${needed}`));
        return true;
      },
    );
});
const engines = (file) => ({
  simd128: pathToFileURL(`${file}.wasm`),
  relaxed: pathToFileURL(`${file}.relaxed.wasm`),
});
