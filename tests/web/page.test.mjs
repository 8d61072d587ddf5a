// The page, as a visitor meets it.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { launch, open } from './support/browser.mjs';
import { serve } from './support/server.mjs';
import { pictures, site } from './support/site.mjs';

const weights = '/engine/minilm_l6.weights',
  question = 'how do plants make food';
// Held by the page and, since a worker has the policy of its own script, by the worker too.
const policy =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self'; connect-src 'self'; worker-src 'self'";
let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

const first = (page) => page.locator('#results li:first-child .title');
const ready = (page) => page.locator('#facts', { hasText: 'Passages' }).waitFor(); // loaded, and every passage embedded
const answered = (page) => page.waitForFunction(() => document.querySelector('#results li .number')?.textContent);
async function visit(options, run) {
  const server = await serve(site, { headers: { 'content-security-policy': policy } }),
    { context, page, complaints } = await open(browser, options);
  try {
    await run({ server, context, page, complaints, url: server.url });
  } finally {
    await context.close();
    await server.close();
  }
}

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

test('says what is running, in numbers of the engine', () =>
  visit({}, async ({ page, url }) => {
    await page.goto(url);
    await ready(page);
    const facts = await page.locator('#facts').innerText();
    for (const said of ['bert<minilm_l6, f32>', '22,713,216', '91.1 MB', '128-bit SIMD, relaxed'])
      assert.ok(facts.includes(said), said);
    assert.match(await page.locator('#code').innerText(), /parameters<embedder>\(\) == 22'713'216/);
  }));

test('draws the attention of any layer and head, for eyes, keys and screen readers', () =>
  visit({}, async ({ page, url, complaints }) => {
    await page.goto(`${url}?q=${encodeURIComponent(question)}`);
    await page.locator('#heat svg').waitFor();
    assert.equal(await page.locator('#heads [role=radio]').count(), 72);
    assert.equal(await page.locator('#heat g[role=img]').count(), 5);
    await page.locator('#specials').check();
    assert.equal(await page.locator('#heat g[role=img]').count(), 7);
    await page.locator('#heads [role=radio][aria-label="Layer 1, head 1"]').click();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowRight');
    assert.equal(await page.locator('#picture-title').innerText(), 'Layer 2, head 2');
    await page.locator('#heat g[tabindex="0"]').focus();
    assert.match(await page.locator('#focus-note').innerText(), /^\[CLS\] gives \d+ % to /);
    await page.keyboard.press('ArrowDown');
    assert.match(await page.locator('#focus-note').innerText(), /^“how” gives \d+ % to /);
    await page.locator('#attention summary').click();
    const row = await page.locator('#attention-table tbody tr').nth(1).locator('td').allInnerTexts();
    const sum = row.reduce((total, share) => total + parseInt(share, 10), 0);
    assert.ok(Math.abs(sum - 100) <= 4, `a row of attention adds up to ${sum} %`);
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
    await page.evaluate(async () => {
      await navigator.serviceWorker.ready;
      for (let i = 0; i < 600; ++i) {
        const store = await caches.open('constformer');
        if ((await store.keys()).length) return;
        await new Promise((later) => {
          setTimeout(later, 100);
        });
      }
      throw new Error('the weights were not kept');
    });
    await server.close();
    await page.goto(`${url}?q=${encodeURIComponent(question)}`);
    await ready(page);
    await answered(page);
    assert.equal(await first(page).innerText(), 'Photosynthesis');
    assert.match(await page.locator('#facts').innerText(), /own storage/);
  }));

test('replaces a kept copy of the weights that was damaged', () =>
  visit({}, async ({ page, url, server }) => {
    await page.goto(url);
    await ready(page);
    await page.evaluate(async () => {
      const store = await caches.open('constformer');
      let key;
      for (let i = 0; i < 600 && !key; ++i) {
        [key] = await store.keys();
        if (!key) await new Promise((later) => setTimeout(later, 100));
      }
      const bytes = new Uint8Array(await (await store.match(key)).arrayBuffer());
      bytes[50_000_000] ^= 1;
      await store.put(key, new Response(bytes));
    });
    server.asked.length = 0;
    await page.goto(`${url}?q=${encodeURIComponent(question)}`);
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
      await page.goto(`${url}?q=${encodeURIComponent(question)}`);
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
    await page.goto(`${url}?q=${encodeURIComponent(question)}`);
    await ready(page);
    await answered(page);
    assert.equal(await first(page).innerText(), 'Photosynthesis');
    assert.match(await page.locator('#facts').innerText(), /128-bit SIMD\n/);
    assert.ok(server.asked.indexOf('/engine/minilm_l6.wasm') >= 0);
  }));

test('can be used by keyboard alone', () =>
  visit({}, async ({ page, url }) => {
    await page.goto(url);
    await ready(page);
    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate(() => document.activeElement.className), 'skip');
    await page.keyboard.press('Enter');
    assert.equal(await page.evaluate(() => document.activeElement.id), 'query');
    await page.keyboard.type('why is the sky blue');
    await page.waitForFunction(() => /sky/i.test(document.querySelector('#results li .title')?.textContent ?? ''));
    await page.locator('#status', { hasText: /^Nearest of 351 passages: .*sky/i }).waitFor({ state: 'attached' });
    const reached = [];
    for (let i = 0; i < 12; ++i) {
      await page.keyboard.press('Tab');
      reached.push(
        await page.evaluate(
          () =>
            document.activeElement.name ||
            document.activeElement.getAttribute('aria-label') ||
            document.activeElement.localName,
        ),
      );
    }
    assert.ok(
      reached.includes('source') &&
        reached.some((name) => /^Layer \d+, head \d+$/.test(name)) &&
        reached.includes('summary'),
      reached.join(', '),
    );
  }));

test('fits a narrow screen, in light and dark', async () => {
  for (const [name, options] of [
    ['light', { colorScheme: 'light' }],
    ['dark', { colorScheme: 'dark' }],
    ['narrow', { colorScheme: 'light', viewport: { width: 360, height: 760 } }],
    ['narrow-dark', { colorScheme: 'dark', viewport: { width: 360, height: 760 } }],
  ])
    await visit(options, async ({ page, url }) => {
      await page.goto(`${url}?q=${encodeURIComponent(question)}`);
      await ready(page);
      await page.locator('#heat svg').waitFor();
      const { wide, room } = await page.evaluate(() => ({
        wide: document.documentElement.scrollWidth,
        room: innerWidth,
      }));
      assert.ok(wide <= room, `${name}: ${wide} px in a window of ${room}`);
      await page.screenshot({ path: join(pictures, `page-${name}.png`), fullPage: true });
      await page.screenshot({ path: join(pictures, `page-${name}-top.png`) });
      await page.locator('#attention').screenshot({ path: join(pictures, `page-${name}-attention.png`) });
    });
});

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
