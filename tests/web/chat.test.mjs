// The page's chat, with a tiny language model of random weights: what is fetched when, how an answer comes, stops and ends, what is
// remembered, and everything that can go wrong.
import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { launch } from './support/browser.mjs';
import { golden } from './support/causal.mjs';
import { make, name, site } from './support/chat.mjs';
import { pictures } from './support/site.mjs';
import { go, link, visit as visit_in } from './support/visit.mjs';

const asked = JSON.parse(readFileSync(join(golden, 'asked.json'), 'utf8')).chat.find(({ messages }) => messages.length === 1),
  question = asked.messages[0].content,
  weights = `/chat/${name}.weights`,
  axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8'),
  greedy = { temperature: 0, repetition_penalty: 1 };
let browser, chat;
before(async () => {
  chat = await make();
  browser = await launch();
});
after(() => browser?.close());
const visit = (options, run) => visit_in(browser, { folder: site, ...options }, run);
const text = (page, place) => page.locator(place).innerText();
const load = async (page, url, parameters = greedy) => {
  await page.goto(url + link('chat', parameters));
  await page.locator('#chat-loading .button.main').click();
  await page.locator('#chat-send').waitFor();
};
const answered = (page, n) => page.waitForFunction((wanted) => document.querySelectorAll('.turn.model:not([aria-busy]) > .note').length === wanted, n);
const send = async (page, message, n) => {
  await page.locator('#message').fill(message);
  await page.locator('#message').press('Enter');
  if (n) await answered(page, n);
};
const raw = (page, n = 0) => page.locator('.turn.model .said').nth(n).textContent();
// An engine that takes its time, so that a person, or a test, can come in between.
const slowly = (page) =>
  page.route('**/chat/*.mjs', async (route) => {
    const response = await route.fetch(),
      body = (await response.text()).replace('const turn = () =>', 'const turn = () => new Promise((go) => setTimeout(go, 40)).then(quick_turn);\nconst quick_turn = () =>');
    await route.fulfill({ response, body });
  });

test('nothing is fetched before the visitor asks, and then it answers', () =>
  visit({}, async ({ page, url, server, complaints }) => {
    await page.goto(url + link('chat', { q: question, ...greedy, max_tokens: 24 }));
    await page.locator('#chat-loading', { hasText: 'Nothing of it has been fetched yet.' }).waitFor();
    assert.equal(chat.weights, statSync(join(site, weights)).size);
    assert.match(await text(page, '#chat-loading .button'), /^Download [\d.]+ [KM]B and start$/);
    await page.waitForTimeout(300);
    assert.ok(!server.asked.some((path) => /^\/(chat|engine)\//.test(path)), `${server.asked}: neither model is here`);
    await page.locator('#chat-loading .button').click();
    await page.locator('#chat-send').waitFor();
    assert.equal(await page.evaluate(() => document.activeElement.id), 'message');
    assert.equal(await page.locator('#message').inputValue(), question, 'the link brings a question');
    assert.ok(server.asked.includes(weights) && !server.asked.includes('/engine/minilm_l6.weights'), 'the other model stays away');
    const facts = await text(page, '#chat-facts');
    for (const said of [`llama<${name}`, 'relaxed SIMD', 'it runs in a worker', 'the cache of 128 tokens']) assert.ok(facts.includes(said), facts);

    await page.locator('#chat-send').click();
    await answered(page, 1);
    assert.equal(await raw(page), asked.text.trim(), 'what Transformers writes');
    assert.deepEqual(complaints, []);
  }));

test('an answer streams, a screen reader hears it once, and numbers say how fast it was', () =>
  visit({}, async ({ page, url }) => {
    await slowly(page);
    await load(page, url, { ...greedy, max_tokens: 24 });
    await page.evaluate(() => {
      globalThis.seen = { parts: new Set(), said: [] };
      new MutationObserver(() => globalThis.seen.parts.add(document.querySelector('.turn.model .said')?.textContent)).observe(document.querySelector('#log'), { childList: true, subtree: true, characterData: true });
      new MutationObserver(() => globalThis.seen.said.push(document.querySelector('#status').textContent)).observe(document.querySelector('#status'), { childList: true });
    });
    await send(page, question, 1);
    const { parts, said } = await page.evaluate(() => ({ parts: globalThis.seen.parts.size, said: globalThis.seen.said }));
    assert.ok(parts >= 5, `${parts} parts`);
    assert.equal(said.length, 2, said.join(' | '));
    assert.match(said[0], /is writing/);
    assert.match(said[1], /^The model says: ./s);
    assert.equal(await page.locator('#log').getAttribute('aria-live'), 'off');
    assert.match(await text(page, '#chat-rate'), /^\d+\.\d tokens per second$/);
    const numbers = await text(page, '#chat-numbers');
    assert.match(numbers, /Read\s+\d+ at [\d.]+ \/s\s+Known already\s+0\s+Written\s+\d+ at [\d.]+ \/s\s+Context\s+\d+ of 128/);
    await send(page, 'a', 2);
    assert.match(await text(page, '#chat-numbers'), /Known already\s+[1-9]/, 'the first turn is not read again');
  }));

test('an answer can be stopped and the conversation goes on; a new one forgets', () =>
  visit({}, async ({ page, url, complaints }) => {
    await slowly(page);
    await load(page, url, { ...greedy, max_tokens: 60 });
    await send(page, question);
    await page.locator('.turn.model .said', { hasText: /\S{3}/ }).waitFor();
    await page.locator('#chat-stop').click();
    await answered(page, 1);
    assert.match(await text(page, '.turn.model > .note'), /^\d+ tokens?; you stopped it$/);
    assert.equal(await page.evaluate(() => document.activeElement.id), 'message');
    await send(page, 'b');
    await page.locator('.turn.model').nth(1).waitFor();
    await page.keyboard.press('Escape');
    await answered(page, 2);
    await send(page, 'c');
    await page.locator('#chat-anew').click(); // in mid-answer, too
    await page.locator('#starters').waitFor();
    assert.equal(await page.locator('.turn').count(), 0);
    assert.match(await text(page, '#chat-numbers'), /Context\s+0 of 128/);
    await page.locator('#message').press('Shift+Enter');
    assert.equal(await page.locator('#message').inputValue(), '\n', 'a new line');
    assert.equal(await page.locator('.turn').count(), 0);
    assert.deepEqual(complaints, []);
  }));

test('settings decide: greedy text and seeds repeat, links keep them, wrong ones are one sentence', () =>
  visit({}, async ({ page, url }) => {
    await load(page, url, { temperature: 1.5, seed: 5, max_tokens: 8, top_k: 50 });
    const one = async (settings) => {
      for (const [key, value] of Object.entries(settings)) await page.locator(`#chat-settings [name=${key}]`).evaluate((input, to) => {
        input.value = to;
        input.dispatchEvent(new Event('change'));
      }, `${value}`);
      if (await page.locator('#chat-anew').isVisible()) await page.locator('#chat-anew').click();
      await page.locator('#starters').waitFor();
      await send(page, question, 1);
      return raw(page);
    };
    const drawn = await one({});
    assert.match(await text(page, '.turn.model > .note'), /^8 tokens; it has as many tokens as the settings allow, seed 5$/);
    assert.equal(await one({}), drawn);
    assert.notEqual(await one({ seed: 6 }), drawn);
    const best = await one({ temperature: 0 });
    assert.equal(await one({ seed: 7 }), best);
    assert.equal(await one({ temperature: 2, top_k: 1 }), best);
    assert.equal(await one({ top_k: 0, top_p: 0.00001 }), best);
    assert.equal(await one({ top_p: 1, min_p: 1 }), best);
    const hash = new URLSearchParams((await page.evaluate(() => location.hash)).split('?')[1]);
    assert.deepEqual([hash.get('q'), hash.get('temperature'), hash.get('seed')], [question, '2', '7']);
    await page.locator('#chat-settings summary').click();
    await page.locator('#chat-settings [name=min_p]').fill('3');
    await send(page, 'a');
    await page.locator('#chat-note', { hasText: /min-p must lie/ }).waitFor();
    assert.equal(await page.locator('#message').inputValue(), 'a', 'the message is not lost');
    assert.equal(await page.locator('.turn').count(), 2);
  }));

test('a full context is said, and the older half can be forgotten', () =>
  visit({}, async ({ page, url }) => {
    await load(page, url);
    await send(page, 'the cat '.repeat(100));
    await page.locator('#chat-note', { hasText: /^This message alone is too long: .* the context has room for 128/ }).waitFor();
    await send(page, question, 1);
    for (let n = 2; !(await page.locator('#chat-note .button').count()); ++n) {
      assert.ok(n < 12, 'the context is never full');
      await send(page, 'and then', undefined);
      await page.waitForFunction((wanted) => document.querySelector('#chat-note .button') || document.querySelectorAll('.turn.model:not([aria-busy]) > .note').length === wanted, n);
    }
    assert.match(await text(page, '#chat-note'), /The context is full|no longer fits/);
    const before = await page.locator('.turn.model').count();
    await page.getByRole('button', { name: 'Forget the older half' }).click();
    assert.ok((await page.locator('.turn.forgotten').count()) >= 2);
    await page.locator('#chat-settings [name=max_tokens]').evaluate((input) => (input.value = 4));
    await send(page, 'a', before + 1);
    assert.ok(await page.locator('.turn.model').last().isVisible());
  }));

for (const [what, fault, sentence] of [
  ['breaks off', { cut: 60_000 }, /broke off after/],
  ['ends early', { end: 60_000 }, /ended after 60,000 of/],
  ['is refused', { status: 503 }, /the server answered 503/],
  ['is another file', { file: join(site, 'style.css') }, /is not a packed weights file/],
])
  test(`offers to try again where the download of the weights ${what}`, () =>
    visit({}, async ({ page, url, server }) => {
      server.faults.set(weights, { ...fault, times: 1 });
      await page.goto(url + link('chat', greedy));
      await page.locator('#chat-loading .button').click();
      await page.locator('#chat-loading.failed .why', { hasText: sentence }).waitFor();
      assert.equal(await page.locator('#chat-body').isVisible(), false);
      await page.getByRole('button', { name: 'Try again' }).click();
      await page.locator('#chat-send').waitFor();
    }));

test('the download can be cancelled, and begun again', () =>
  visit({}, async ({ page, url, server }) => {
    server.faults.set(weights, { slow: 30_000, times: 1 });
    await page.goto(url + link('chat'));
    await page.locator('#chat-loading .button').click();
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.locator('#chat-loading', { hasText: 'Cancelled' }).waitFor();
    await page.locator('#chat-loading').getByRole('button', { name: 'Start' }).click();
    await page.locator('#chat-send').waitFor();
  }));

test('works a second time without a network', () =>
  visit({}, async ({ page, url, server }) => {
    await load(page, url);
    await send(page, question, 1);
    const first = await raw(page);
    await page.evaluate(async () => {
      const has = async (store, end) => (await (await caches.open(store)).keys()).some((request) => new URL(request.url).pathname.endsWith(end));
      await navigator.serviceWorker.ready;
      for (let i = 0; i < 600; ++i) {
        if ((await has('constformer', '.weights')) && (await has('constformer-engine', '.wasm')) && (await has('constformer-page', 'llama_chat.mjs')) && (await has('constformer-page', '/prose.mjs'))) return;
        await new Promise((later) => setTimeout(later, 50));
      }
      throw new Error('the chat was not kept');
    });
    await server.close();
    await page.reload();
    await page.locator('#chat-loading', { hasText: 'own storage' }).waitFor();
    await page.getByRole('button', { name: 'Start the model' }).click();
    await page.locator('#chat-send').waitFor();
    await send(page, question, 1);
    assert.equal(await raw(page), first);
    assert.match(await text(page, '#chat-facts'), /own storage/);
  }));

test('where the page has no language model, a sentence says how to get one', () =>
  visit({}, async ({ page, url, complaints }) => {
    await page.route('**/sizes.json', async (route) => {
      const response = await route.fetch(),
        { chat: _, ...rest } = await response.json();
      await route.fulfill({ response, json: rest });
    });
    await page.goto(url + link('chat'));
    await page.locator('#chat-empty', { hasText: 'tools/demo --chat' }).waitFor();
    assert.equal(await page.locator('#chat-loading').isVisible(), false);
    await go(page, link('search'));
    await page.locator('#bundled-label', { hasText: '351 bundled' }).waitFor({ state: 'attached' });
    assert.deepEqual(complaints, []);
  }));

for (const [which, options] of [
  ['light', { colorScheme: 'light' }],
  ['dark', { colorScheme: 'dark' }],
  ['narrow', { colorScheme: 'light', viewport: { width: 360, height: 760 } }],
])
  test(`breaks no rule of axe and fits: ${which}`, () =>
    visit({ ...options, reducedMotion: 'reduce' }, async ({ page, url }) => {
      const look = async (state) => {
        await page.evaluate(axe);
        const { violations } = await page.evaluate(() => globalThis.axe.run());
        assert.deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes.map((n) => n.html).join('; ')}`), [], state);
        const { wide, room, link_end } = await page.evaluate(() => ({
          wide: document.documentElement.scrollWidth,
          room: innerWidth,
          link_end: document.querySelector('#tour [aria-current]').getBoundingClientRect().right,
        }));
        assert.ok(link_end <= room, `${state}: the view's own link ends at ${link_end} px`);
        assert.ok(wide <= room, `${state}: ${wide} px in a window of ${room}`);
      };
      await slowly(page);
      await page.goto(url + link('chat', greedy));
      await page.locator('#chat-loading .button').waitFor();
      await look('offered');
      await page.locator('#chat-loading .button').click();
      await page.locator('#chat-send').waitFor();
      await page.locator('#chat-settings summary').click();
      await look('loaded');
      await send(page, `${question} ${'x'.repeat(60)}`);
      await page.locator('#chat-stop').waitFor();
      await look('in mid-answer');
      await answered(page, 1);
      await look('answered');
      await page.screenshot({ path: join(pictures, `chat-${which}.png`) });
    }));

test('a text becomes paragraphs, lists and code, wherever it breaks off', () =>
  visit({}, async ({ page, url }) => {
    await page.goto(url + link('chat'));
    const html = (given) =>
      page.evaluate(async (said) => {
        const { prose } = await import('./prose.mjs');
        return prose(said).map((node) => node.outerHTML).join('');
      }, given);
    assert.equal(await html('One **bold** `code`\ntwo\n\n1. a\n\n2. b\n- c\nend'), '<p>One <strong>bold</strong> <code>code</code>\ntwo</p><ol start="1"><li>a</li><li>b</li></ol><ul><li>c</li></ul><p>end</p>');
    assert.equal(await html('# Title\n```js\n<b>x</b>\n```\nafter'), '<p><strong>Title</strong></p><pre><code>&lt;b&gt;x&lt;/b&gt;\n</code></pre><p>after</p>');
    assert.equal(await html('**open\n```\ncode'), '<p>**open</p><pre><code>code\n</code></pre>');
    assert.equal(await html('<img src=x>'), '<p>&lt;img src=x&gt;</p>');
    assert.equal(await html(''), '');
  }));
