// The build with threads, in Chromium: on pages that their server isolates, the same answers from several workers.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { launch, open } from './support/browser.mjs';
import { folder, make, name } from './support/package.mjs';
import { serve } from './support/server.mjs';

const isolated = { 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp' },
  texts = [
    'how plants make food',
    'Žluťoučký kůň 🐎 and a long tail of words that go on and on until there are enough of them for several tiles',
    '',
    'bread',
  ];
let browser;
before(async () => {
  await make();
  browser = await launch();
});
after(() => browser?.close());

// run(page, url) on a blank page beside the package.
async function visit(headers, run) {
  const server = await serve(join(folder, name), { headers }),
    { context, page, complaints } = await open(browser);
  server.faults.set('/blank.html', { file: join(import.meta.dirname, 'support/blank.html') });
  try {
    await page.goto(`${server.url}blank.html`);
    await run(page, `${server.url}index.mjs`, server, complaints);
  } finally {
    await context.close();
    await server.close();
  }
}
// Everything that a model says of these texts, loaded with each of these options.
const ask = (page, url, all) =>
  page.evaluate(
    async ([from, every, given]) => {
      const { load } = await import(from),
        answers = [];
      for (const options of every) {
        const model = await load(undefined, { cache: false, ...options });
        const before = (await model.describe()).memory_bytes;
        const vectors = (await model.embed(given)).map((v) => [...v]),
          { tokens, probabilities } = await model.attention(given[0]),
          { hits } = await model.search(given[0], given),
          { last_hidden_state: states } = await model.run({ input_ids: [[101, 2129, 102]] });
        let refused;
        await model.embed('word '.repeat(9000)).catch((problem) => (refused = problem.message));
        const about = await model.describe();
        model.dispose();
        const gone = await model.embed('x').catch((problem) => problem.code);
        const grew = about.memory_bytes - before;
        answers.push({ vectors, tokens, attention: [...probabilities], hits, states: [...states.data], refused, about, gone, grew }); // prettier-ignore
      }
      return answers;
    },
    [url, all, texts],
  );

test('answers are the same with one thread and with several, in a worker and beside the page', () =>
  visit(isolated, async (page, url, server, complaints) => {
    const runs = [{ threads: 1 }, { threads: 2 }, { threads: 3 }, { threads: 2, worker: false }];
    const [one, ...more] = await ask(page, url, runs);
    assert.equal(one.about.build, 'relaxed SIMD');
    assert.equal(one.about.threads, 1);
    for (const [i, answer] of more.entries()) {
      assert.equal(answer.about.build, 'relaxed SIMD and threads');
      assert.equal(answer.about.threads, runs[i + 1].threads);
      assert.equal(answer.grew, 0);
      assert.equal(answer.gone, 'disposed');
      for (const part of ['vectors', 'tokens', 'attention', 'hits', 'states', 'refused'])
        assert.deepEqual(answer[part], one[part], `${part}, ${JSON.stringify(runs[i + 1])}`);
    }
    assert.match(one.refused, /split it, or ask for/);
    assert.ok(server.asked.includes(`/${name}.threads.wasm`));
    assert.deepEqual(complaints, []);
  }));

test('helpers take part in the work', () =>
  visit(isolated, async (page, url) => {
    // the workers that the page starts itself are counted where the engine runs beside it
    const started = await page.evaluate(async (from) => {
      const made = [],
        Own = globalThis.Worker;
      globalThis.Worker = class extends Own {
        constructor(...how) {
          super(...how);
          made.push(this);
        }
        postMessage(message) {
          super.postMessage(message);
          this.view = message.memory && new Int32Array(message.memory.buffer, message.stack - 4096, 1024);
          this.view?.fill(-1);
        }
      };
      const { load } = await import(from),
        model = await load(undefined, { threads: 3, worker: false, cache: false });
      for (let i = 0; i < 400 && made.some(({ view }) => view.every((word) => word === -1)); ++i) {
        await model.embed('words that take a while '.repeat(20)); // until every helper has used its stack
        await new Promise((later) => setTimeout(later, 10));
      }
      const used = made.map(({ view }) => view.some((word) => word !== -1));
      model.dispose();
      return used;
    }, url);
    assert.deepEqual(started, [true, true]);
  }));

test('a page that is isolated takes threads by itself, others take none and say why', async () => {
  const by_default = (page, url) =>
    page.evaluate(async (from) => {
      const { load, supports } = await import(from),
        model = await load(undefined, { cache: false });
      const { threads, build } = await model.describe();
      const wrong = {};
      for (const given of [0, 1.5])
        await load(undefined, { cache: false, threads: given }).then(
          (other) => other.dispose(),
          ({ code, message }) => (wrong[given] = `${code}: ${message}`),
        );
      return { can: supports().threads, threads, build, wrong, cores: navigator.hardwareConcurrency };
    }, url);
  await visit(isolated, async (page, url) => {
    const { can, threads, cores, wrong } = await by_default(page, url);
    assert.equal(can, true);
    assert.equal(threads, Math.min(4, cores));
    assert.deepEqual(Object.keys(wrong).sort(), ['0', '1.5']);
  });
  await visit({}, async (page, url, server) => {
    const { can, threads, build, wrong } = await by_default(page, url);
    assert.deepEqual([can, threads, build], [false, 1, 'relaxed SIMD']);
    assert.match(wrong['0'], /^input: threads: a whole number of at least 1 is needed, not 0/);
    assert.match(wrong['1.5'], /^input/);
    assert.ok(!server.asked.includes(`/${name}.threads.wasm`));
  });
  await visit({}, async (page, url) => {
    const said = await page.evaluate(async (from) => {
      const { load } = await import(from);
      return load(undefined, { threads: 2 }).catch(({ code, message }) => `${code}: ${message}`);
    }, url);
    assert.match(said, /^unsupported: 2 threads need .*Cross-Origin-Embedder-Policy: require-corp/);
  });
});

test('helpers that never come leave the work to the others', () =>
  visit(isolated, async (page, url) => {
    const { alone, waiting } = await page.evaluate(async (from) => {
      const { load } = await import(from),
        Own = globalThis.Worker;
      const vector = async (options) => {
        const model = await load(undefined, { cache: false, worker: false, ...options });
        const [made] = await model.embed('a sentence');
        model.dispose();
        return [...made];
      };
      const alone = await vector({ threads: 1 });
      globalThis.Worker = class extends Own {
        postMessage() {} // it never hears what to do
      };
      return { alone, waiting: await vector({ threads: 3 }) };
    }, url);
    assert.deepEqual(waiting, alone);
  }));
