// The page in Firefox: another engine for JavaScript, WebAssembly and layout. The main views load, search and attention work.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { make as make_chat, site as chat_site } from './support/chat.mjs';
import { launch } from './support/firefox.mjs';
import { serve } from './support/server.mjs';
import { pictures, site } from './support/site.mjs';
import { link, question } from './support/visit.mjs';

let browser, server, page;
const complaints = [];
before(async () => {
  browser = await launch();
  server = await serve(site);
  server.faults.set('/sizes.json', { status: 404 });
  page = await browser.newPage();
  page.setDefaultTimeout(90_000);
  await page.setViewport({ width: 1280, height: 900 });
  page.on('pageerror', (problem) => complaints.push(problem.message));
});
after(async () => {
  await browser?.close();
  await server?.close();
});
const has = (place, pattern) =>
  page.waitForFunction(
    (where, wanted) => new RegExp(wanted).test(document.querySelector(where)?.textContent ?? ''),
    {},
    place,
    pattern,
  );
const go = (view, parameters) =>
  page.evaluate(
    (to) => {
      location.hash = to;
    },
    link(view, parameters),
  );
const keep = (name) => page.screenshot({ path: join(pictures, `firefox-${name}.png`) });

test('Firefox: searches', async () => {
  await page.goto(server.url);
  await has('#bundled-label', '351 bundled');
  await page.type('#query', question);
  await has('#results li .title', '^Photosynthesis$');
  await has('#total', '^[\\d.,]+ ms$');
  await keep('search');
});

test('Firefox: draws the attention and what a word becomes', async () => {
  await go('attention', { text: 'she caught a bass in the lake', layer: 1, head: 2, word: 4 });
  await has('#picture-title', '^Layer 1, head 2$');
  await has('#becoming-title', 'What “bass” becomes');
  await has('#meaning', '“bass” in your sentence');
  assert.equal(await page.$$eval('#heat g[role=img]', (rows) => rows.length), 7);
  await keep('attention');
});

test('Firefox: races two builds, says what is running and what it weighs', async () => {
  await go('race', { tokens: 8, rounds: 1 });
  await page.waitForSelector('#race-start:not([hidden])');
  await page.click('#race-start');
  await has('#race-status', '^Done: 1 round\\.$');
  await has('#race-cosine', '^Both give the same embeddings');
  await go('running');
  await has('#facts', 'bert<minilm_l6, f32>');
  assert.ok((await page.$$('#map rect')).length > 20);
  server.faults.clear();
  await go('size');
  await has('#ledger', 'minilm_l6\\.mjs');
  await keep('size');
});

test('Firefox: fetches a language model when asked, and chats', async () => {
  await make_chat();
  const talks = await serve(chat_site);
  try {
    await page.goto(talks.url + link('chat', { temperature: 0, repetition_penalty: 1, max_tokens: 24 }));
    await page.waitForSelector('#chat-loading .button');
    await page.click('#chat-loading .button');
    await page.waitForSelector('#chat-body:not([hidden]) #chat-send:not([hidden])');
    await page.type('#message', 'The cat sat');
    await page.keyboard.press('Enter');
    await has('.turn.model > .note', '^\\d+ tokens; (the model ended it|it has as many)');
    await has('.turn.model .said', 'ighighighighigh5');
    await keep('chat');
  } finally {
    await talks.close();
  }
});

test('Firefox: breaks nothing on the way', () => assert.deepEqual(complaints, []));
