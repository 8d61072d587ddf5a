// How the package starts, in Chromium: both downloads at once, what is kept between visits, and everything that can go wrong.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { launch, open } from './support/browser.mjs';
import { folder, make, name } from './support/package.mjs';
import { serve } from './support/server.mjs';

const weights = `/${name}.weights`,
  engine = `/${name}.relaxed.wasm`,
  script = `/${name}.mjs`,
  elsewhere = 'plain.test'; // a host that is no secure context over http
let browser;
before(async () => {
  await make();
  browser = await launch([`--host-resolver-rules=MAP ${elsewhere} 127.0.0.1`]);
});
after(() => browser?.close());

// A blank page beside the package; attempt(options, more) loads the model there and says how that went.
async function visit(run, { headers, host, init } = {}) {
  const server = await serve(join(folder, name), { headers }),
    { context, page } = await open(browser);
  server.faults.set('/blank.html', { file: join(import.meta.dirname, 'support/blank.html') });
  const url = host ? server.url.replace('127.0.0.1', host) : server.url;
  const attempt = (options = {}, { abort_at = Infinity } = {}) =>
    page.evaluate(
      async ([from, given, abort]) => {
        const { load, ConstformerError } = await import(from),
          stop = new AbortController();
        try {
          const model = await load(undefined, {
            ...given,
            signal: stop.signal,
            onProgress: ({ phase, loaded }) => {
              if (phase === 'weights' && loaded > abort) stop.abort();
            },
          });
          const [vector] = await model.embed('a sentence');
          const about = { ...(await model.describe()), vector: [...vector] };
          for (let i = 0; i < 600 && given.until_kept && about.cached === undefined; ++i) {
            await new Promise((later) => setTimeout(later, 20));
            about.cached = (await model.describe()).cached;
          }
          model.dispose();
          return about;
        } catch (problem) {
          return { ours: problem instanceof ConstformerError, code: problem.code, message: problem.message };
        }
      },
      [`${url}index.mjs`, options, abort_at],
    );
  try {
    if (init) await page.addInitScript(init);
    await page.goto(`${url}blank.html`);
    await run({ server, page, attempt, url });
  } finally {
    await context.close();
    await server.close();
  }
}
const works = (about) => assert.ok(about.vector, `${about.code}: ${about.message}`);
const refused = (about, code, sentence) => {
  assert.ok(about.ours, about.message ?? 'it loaded');
  assert.equal(about.code, code, about.message);
  assert.match(about.message, sentence);
  assert.doesNotMatch(about.message, /\.\s|\n/, 'one sentence');
};
const keep = async (attempt) => assert.equal((await attempt({ until_kept: true })).cached, true);
// A worker's end takes a moment.
async function no_worker(page) {
  for (let i = 0; i < 500 && page.workers().length; ++i) await new Promise((later) => setTimeout(later, 10));
  assert.equal(page.workers().length, 0);
}
// The keys of what is kept, once the engine is among them.
const kept = (page) =>
  page.evaluate(async () => {
    for (let i = 0; i < 500; ++i) {
      const stores = await Promise.all((await caches.keys()).map((store) => caches.open(store)));
      const keys = (await Promise.all(stores.map((store) => store.keys()))).flat().map(({ url }) => url);
      if (keys.some((url) => url.endsWith('.wasm'))) return keys;
      await new Promise((later) => setTimeout(later, 20));
    }
    throw new Error('the engine was not kept');
  });
// Changes one byte of a kept copy.
const damage = (page, ending) =>
  page.evaluate(async (end) => {
    for (const store of await Promise.all((await caches.keys()).map((each) => caches.open(each))))
      for (const key of await store.keys()) {
        if (!new URL(key.url).pathname.endsWith(end)) continue;
        const old = await store.match(key),
          bytes = new Uint8Array(await old.arrayBuffer());
        bytes[end === '.wasm' ? bytes.length - 1 : bytes.length >> 1] ^= 1; // (a module that still compiles)
        await store.put(key, new Response(bytes, { headers: old.headers }));
        return;
      }
    throw new Error(`no ${end} is kept`);
  }, ending);

test('the weights are asked for while the engine is still on its way', () =>
  visit(async ({ server, attempt }) => {
    let late = false;
    const asked = async () => {
      for (let i = 0; i < 500 && !server.asked.includes(weights); ++i)
        await new Promise((later) => setTimeout(later, 10));
      late = !server.asked.includes(weights);
    };
    server.faults.set(engine, {
      get hold() {
        return asked();
      },
    });
    works(await attempt());
    assert.equal(late, false);
    assert.equal(server.asked.filter((path) => path === weights).length, 1);
  }));

test('a second visit needs no network: the engine, the weights and the worker’s script may all be out of reach', () =>
  visit(async ({ server, page, attempt }) => {
    await keep(attempt);
    const keys = await kept(page);
    assert.equal(keys.length, 2);
    assert.ok(
      keys.some((url) => /\.weights\?manifest=[0-9a-f]{16}$/.test(url)),
      `${keys}`,
    );
    server.asked.length = 0;
    const second = await attempt();
    assert.equal(second.weights_from, 'cache');
    assert.equal(second.module_from, 'network', 'a new release of the engine is seen at once');
    assert.ok(!server.asked.includes(weights));
    for (const path of [weights, engine]) server.faults.set(path, { gone: true });
    const third = await attempt();
    assert.deepEqual([third.module_from, third.weights_from, third.thread], ['cache', 'cache', 'worker']);
    server.faults.set(script, { gone: true }); // (the page itself has it already)
    const fourth = await attempt();
    assert.deepEqual([fourth.module_from, fourth.weights_from, fourth.thread], ['cache', 'cache', 'caller']);
    assert.deepEqual(fourth.vector, second.vector);
  }));

test('what is kept and damaged is thrown away and fetched anew', () =>
  visit(async ({ server, page, attempt }) => {
    await keep(attempt);
    await kept(page);
    await damage(page, '.weights');
    const anew = await attempt({ until_kept: true });
    assert.deepEqual([anew.weights_from, anew.cached], ['network', true]);
    assert.equal((await attempt()).weights_from, 'cache');
    await damage(page, '.wasm');
    server.faults.set(engine, { gone: true });
    refused(await attempt(), 'network', /the engine at .* cannot be reached/);
    assert.ok(!(await page.evaluate(() => caches.open('constformer-engine').then((store) => store.keys()))).length);
    server.faults.delete(engine);
    works(await attempt());
    await kept(page);
    await damage(page, '.wasm');
    works(await attempt());
    await page.waitForFunction(async () => {
      const store = await caches.open('constformer-engine'),
        copy = await store.match((await store.keys())[0]),
        hash = new Uint8Array(await crypto.subtle.digest('SHA-256', await copy.clone().arrayBuffer()));
      return [...hash].map((byte) => byte.toString(16).padStart(2, '0')).join('') === copy.headers.get('x-sha256');
    });
    server.faults.set(engine, { gone: true });
    assert.equal((await attempt()).module_from, 'cache');
  }));

for (const [what, path] of [
  ['engine', engine],
  ['weights', weights],
])
  test(`a download of the ${what} that fails says how, and the next attempt works`, () =>
    visit(async ({ server, page, attempt }) => {
      for (const [fault, code, sentence] of [
        [{ status: 404 }, 'network', new RegExp(`the ${what} at .*: the server answered 404`)],
        [{ status: 500 }, 'network', new RegExp(`the ${what} at .*: the server answered 500`)],
        [{ gone: true }, 'network', new RegExp(`the ${what} at .* cannot be reached`)],
        [{ cut: 100_000 }, 'incomplete', new RegExp(`the download of .*${path}.* broke off`)],
        [
          { end: 100_000 },
          'incomplete',
          what === 'engine' ? /is not a WebAssembly module/ : /ended after 100,000 of 91,/,
        ],
      ]) {
        server.faults.set(path, { ...fault, times: fault.gone ? 3 : 1 }); // (Chromium asks again by itself)
        refused(await attempt(), code, sentence);
        server.faults.delete(path);
      }
      await no_worker(page);
      works(await attempt());
    }));

test('a load that is stopped midway leaves no worker, and the next one works', () =>
  visit(async ({ server, page, attempt }) => {
    for (const options of [{}, { worker: false }]) {
      server.faults.set(weights, { slow: 5_000_000, times: 1 });
      refused(await attempt(options, { abort_at: 1_000_000 }), 'aborted', /the caller stopped it/);
      await no_worker(page);
      assert.deepEqual(await page.evaluate(() => caches.open('constformer').then((store) => store.keys())), []);
    }
    works(await attempt());
  }));

test('without SIMD it says so before anything is fetched', () =>
  visit(
    async ({ server, attempt }) => {
      refused(await attempt(), 'unsupported', /no WebAssembly SIMD/);
      assert.deepEqual(
        server.asked.filter((path) => /wasm|weights/.test(path)),
        [],
      );
    },
    { init: 'WebAssembly.validate = () => false' },
  ));

test('without relaxed SIMD it takes the other build', () =>
  visit(
    async ({ server, attempt }) => {
      assert.equal((await attempt()).build, 'simd128');
      assert.ok(!server.asked.includes(engine));
    },
    { init: 'const real = WebAssembly.validate; WebAssembly.validate = (bytes) => bytes.length < 34 && real(bytes)' },
  ));

for (const [where, options, load] of [
  ['on plain http, where there is no Cache API', { host: elsewhere }, { until_kept: false }],
  [
    'where the Cache API refuses',
    { init: "caches.open = () => Promise.reject(new DOMException('no', 'SecurityError'))" },
    { worker: false },
  ],
  [
    'where it throws',
    { init: "Object.defineProperty(globalThis, 'caches', { get() { throw new Error('no'); } })" },
    { worker: false },
  ],
])
  test(`it works ${where}, and keeps nothing`, () =>
    visit(async ({ attempt }) => {
      const about = await attempt(load);
      works(about);
      assert.deepEqual([about.cached, about.weights_from], [undefined, 'network']);
    }, options));

test('it works where there is no room, and says that nothing is kept', () =>
  visit(
    async ({ attempt }) => {
      const about = await attempt({ worker: false, until_kept: true });
      works(about);
      assert.equal(about.cached, false);
    },
    { init: "Cache.prototype.put = () => Promise.reject(new DOMException('full', 'QuotaExceededError'))" },
  ));

test('where a policy forbids workers it runs on the page’s own thread', () =>
  visit(
    async ({ page, attempt }) => {
      const about = await attempt();
      works(about);
      assert.equal(about.thread, 'caller');
      assert.equal(page.workers().length, 0);
    },
    {
      headers: {
        'content-security-policy':
          "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; worker-src 'none'; img-src data:",
      },
    },
  ));
