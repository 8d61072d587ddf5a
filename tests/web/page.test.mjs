// The page as a visitor meets it: loading it, searching, and what happens where something is missing.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { after, before, test } from 'node:test';
import { launch } from './support/browser.mjs';
import { site } from './support/site.mjs';
import { answered, first, go, kept, link, question, ready, visit as visit_in } from './support/visit.mjs';

const weights = '/engine/minilm_l6.weights',
  search = link('search', { q: question });
let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());
const visit = (options, run) => visit_in(browser, options, run);

test('loads, searches as one types, and says where the time went', () =>
  visit({}, async ({ page, url, complaints }) => {
    await page.goto(url);
    assert.equal(await page.locator('#answers').isVisible(), false, 'nothing is shown before the engine answers');
    await ready(page);
    assert.equal(await page.locator('#empty').innerText(), 'Type above, or pick one of the examples.');
    await page.locator('#query').pressSequentially(question, { delay: 20 });
    await page.locator('#status', { hasText: 'Photosynthesis' }).waitFor({ state: 'attached' }); // said once typing rests
    await page.waitForFunction(() => document.querySelector('#results li .title')?.textContent === 'Photosynthesis');
    assert.equal(await page.locator('#results li').count(), 10);
    const scores = (await page.locator('#results .number').allInnerTexts()).map(Number);
    assert.deepEqual(
      scores,
      [...scores].sort((a, b) => b - a),
    );
    assert.ok(scores[0] > 0.5 && scores[0] < 1, `score ${scores[0]}`);
    assert.deepEqual(await page.locator('#stages th').allInnerTexts(), [
      'Tokenize',
      'Embeddings',
      'Attention',
      'Feed-forward',
      'Pooling',
      'Search',
    ]);
    assert.match(await page.locator('#total').innerText(), /^[\d.,]+ ms$/);
    assert.match(await page.locator('#timing-note').innerText(), /^7 tokens read, 351 passages compared/);
    await page.locator('#examples button').nth(1).click();
    await page.waitForFunction(
      () => document.querySelector('#results li .title').textContent === 'Cardiopulmonary resuscitation',
    );
    assert.deepEqual(complaints, []);
  }));

test('searches a text that the visitor pastes', () =>
  visit({}, async ({ page, url, complaints }) => {
    await page.goto(url);
    await ready(page);
    await page.getByLabel('Your own text').check();
    await page
      .locator('#own-text')
      .fill('The committee met on Tuesday. Rent is due at the end of the month. Our cat sleeps in the box.');
    await page.locator('#own-note', { hasText: '3 passages, read in' }).waitFor();
    await page.locator('#query').fill('when do I have to pay the landlord');
    await page.waitForFunction(() =>
      document.querySelector('#results li .text')?.textContent.startsWith('Rent is due'),
    );
    assert.equal(await page.locator('#results li').count(), 3);
    await page.getByLabel('a paragraph').check();
    await page.locator('#own-note', { hasText: '1 passage, read in' }).waitFor();
    await page.waitForFunction(() => document.querySelectorAll('#results li').length === 1);
    assert.deepEqual(complaints, []);
  }));

test('works a second time without a network', () =>
  visit({}, async ({ page, url, server }) => {
    await page.goto(url);
    await ready(page);
    await kept(page);
    await server.close();
    await page.goto(url + search);
    await page.reload(); // the address differs behind its # alone
    await ready(page);
    await answered(page);
    assert.equal(await first(page).innerText(), 'Photosynthesis');
    for (const [view, there] of [
      ['attention', '#heat svg'],
      ['race', '#race-start'],
      ['running', '#map svg'],
      ['size', '#ledger table'],
      ['chat', '#chat-empty:visible, #chat-loading .button:visible'],
    ]) {
      await go(page, link(view));
      await page.locator(there).first().waitFor();
    }
    assert.match(await page.locator('#facts').textContent(), /own storage/);
  }));

test('keeps every file of the page for a visit without a network', () => {
  const listed = readFileSync(join(site, 'sw.js'), 'utf8').match(/(?<=^ {2}')[^']+(?=',$)/gm),
    there = readdirSync(site, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => relative(site, join(entry.parentPath, entry.name)))
      .filter((name) => !/^(peer|chat)\/|^sw\.js$|\.(weights|ts)$/.test(name)); // when asked for; itself; the engine's own; for editors
  assert.deepEqual(listed.map((name) => (name === './' ? 'index.html' : name)).sort(), there.sort());
});

test('replaces a kept copy of the weights that was damaged', () =>
  visit({}, async ({ page, url, server }) => {
    await page.goto(url);
    await ready(page);
    await kept(page);
    await page.evaluate(async () => {
      const store = await caches.open('constformer'),
        key = (await store.keys()).find((request) => request.url.includes('.weights'));
      const bytes = new Uint8Array(await (await store.match(key)).arrayBuffer());
      bytes[50_000_000] ^= 1;
      await store.put(key, new Response(bytes));
    });
    server.asked.length = 0;
    await page.goto(url + search);
    await page.reload(); // the address differs behind its # alone
    await ready(page);
    await answered(page);
    assert.equal(await first(page).innerText(), 'Photosynthesis');
    assert.ok(server.asked.includes(weights), 'the weights come from the server again');
  }));

for (const [name, fault, sentence] of [
  ['breaks off', { cut: 40_000_000 }, /broke off after [\d,]+ of 91,084,\d+ bytes/],
  ['ends early', { end: 40_000_000 }, /ended after 40,000,000 of 91,084,\d+ bytes/],
  ['is refused', { status: 503 }, /the server answered 503/],
  ['is another file', { file: join(site, 'style.css') }, /is not a packed weights file/],
])
  test(`offers to try again where the download of the weights ${name}`, () =>
    visit({}, async ({ page, url, server }) => {
      server.faults.set(weights, { ...fault, times: 1 });
      await page.goto(url + search);
      const why = page.locator('#loading.failed .why');
      await why.waitFor();
      assert.match(await why.innerText(), sentence);
      assert.equal(await page.locator('#answers').isVisible(), false);
      await page.getByRole('button', { name: 'Try again' }).click();
      await ready(page);
      await answered(page);
      assert.equal(await first(page).innerText(), 'Photosynthesis');
      assert.equal(await page.locator('#loading').isVisible(), false);
    }));

test('can be cancelled while it loads, and started again', () =>
  visit({}, async ({ page, url, server }) => {
    server.faults.set(weights, { slow: 30_000_000, times: 1 });
    await page.goto(url);
    await page.locator('#loading', { hasText: ' of 91.1 MB' }).waitFor();
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.locator('#loading', { hasText: 'Cancelled' }).waitFor();
    await page.getByRole('button', { name: 'Start' }).click();
    await ready(page);
  }));

test('asks first where the visitor saves data', () =>
  visit({}, async ({ page, url, server }) => {
    await page.addInitScript(() => {
      Object.defineProperty(navigator, 'connection', { value: { saveData: true } });
    });
    await page.goto(url);
    await page.locator('#loading.offer', { hasText: 'a download of 91.1 MB' }).waitFor();
    assert.ok(!server.asked.includes(weights));
    await page.getByRole('button', { name: 'Download and start' }).click();
    await ready(page);
  }));

test('says so where the browser has no SIMD', () =>
  visit({}, async ({ page, url, server }) => {
    await page.addInitScript(() => {
      WebAssembly.validate = () => false;
    });
    await page.goto(url);
    await page.locator('#loading.failed', { hasText: 'cannot run the engine' }).waitFor();
    assert.match(await page.locator('#loading .why').innerText(), /no WebAssembly SIMD/);
    assert.ok(!server.asked.includes(weights), 'no weights are downloaded in vain');
  }));

test('takes the plain build where the browser has no relaxed SIMD', () =>
  visit({}, async ({ page, url, server }) => {
    await page.addInitScript(() => {
      const { validate } = WebAssembly; // relaxed_swizzle is the one probe with the bytes 253, 128, 2
      WebAssembly.validate = (bytes) => !String(bytes).includes('253,128,2') && validate(bytes);
    });
    await page.goto(url + search);
    await ready(page);
    await answered(page);
    assert.equal(await first(page).innerText(), 'Photosynthesis');
    await go(page, link('running'));
    await page.locator('#facts', { hasText: 'simd128' }).waitFor();
    assert.match(await page.locator('#facts').innerText(), /this browser has no relaxed SIMD/);
    assert.ok(server.asked.indexOf('/engine/minilm_l6.wasm') >= 0);
  }));

test('keeps the colors that the visitor chose', () =>
  visit({ colorScheme: 'light' }, async ({ page, url }) => {
    await page.goto(url);
    const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const light = await ground();
    await page.locator('#theme').click();
    assert.notEqual(await ground(), light);
    await page.reload();
    assert.notEqual(await ground(), light);
    assert.equal(await page.locator('#theme').getAttribute('aria-pressed'), 'true');
  }));

test('works where the browser keeps nothing', async () =>
  visit({}, async ({ page, url, server }) => {
    await page.addInitScript(() => {
      for (const name of ['localStorage', 'sessionStorage'])
        Object.defineProperty(window, name, {
          get() {
            throw new DOMException('storage is off', 'SecurityError');
          },
        });
    });
    const insecure = `http://0.0.0.0:${new URL(url).port}/`; // no secure origin: no Cache API, no service worker
    await page.goto(insecure + search);
    await ready(page);
    await answered(page);
    assert.equal(await page.evaluate(() => 'caches' in window || 'serviceWorker' in navigator), false);
    assert.equal(await first(page).innerText(), 'Photosynthesis');
    const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const before = await ground();
    await page.locator('#theme').click();
    assert.notEqual(await ground(), before);
    server.asked.length = 0;
    await page.reload();
    await ready(page);
    assert.ok(server.asked.includes(weights), 'the weights come again');
  }));

test('paints before the engine, with little', async () => {
  for (const view of ['search', 'attention', 'race', 'running', 'size', 'chat'])
    await visit({}, async ({ page, url, server }) => {
      server.faults.set(weights, { status: 503 }); // the rest has come when these have failed
      await page.goto(url + link(view));
      await page.locator(view === 'chat' ? '#chat-empty:visible, #chat-loading:visible' : '#loading.failed').waitFor();
      const { bytes, names } = await page.evaluate(async () => {
        const painted = await new Promise((found) => {
          new PerformanceObserver((list) => {
            const [entry] = list.getEntriesByName('first-contentful-paint');
            if (entry) found(entry.startTime);
          }).observe({ type: 'paint', buffered: true });
        });
        const all = [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')].filter(
          ({ startTime }) => startTime <= painted,
        );
        return {
          bytes: all.reduce((sum, { transferSize }) => sum + transferSize, 0),
          names: all.map(({ name }) => new URL(name).pathname),
        };
      });
      assert.ok(names.includes('/style.css') && bytes > 30_000, `${bytes} bytes of ${names.join(', ')}`);
      assert.ok(!names.some((name) => name.startsWith('/engine/')), `the engine waits: ${names.join(', ')}`);
      assert.ok(bytes <= 100_000, `${view}: ${bytes} bytes before the first paint: ${names.join(', ')}`);
    });
});
