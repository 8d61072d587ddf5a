// The views of the page: their deep links, what they show, and the way through all of them by keyboard alone.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch } from './support/browser.mjs';
import { with_peer } from './support/peer.mjs';
import { go, link, question, ready, visit as visit_in } from './support/visit.mjs';

const lake = 'she caught a bass in the lake';
let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());
const visit = (options, run) => visit_in(browser, options, run);
const hash = (page) => page.evaluate(() => decodeURIComponent(location.hash.replaceAll('+', ' ')));
const text = (page, place) => page.locator(place).innerText();

test('attention: a deep link gives the sentence, the head and the word back', () =>
  visit({}, async ({ page, url, complaints }) => {
    await page.goto(url + link('attention', { text: lake, layer: 2, head: 3, word: 4 }));
    await page.locator('#meaning li').first().waitFor();
    assert.equal(await page.locator('#sentence').inputValue(), lake);
    assert.equal(await text(page, '#picture-title'), 'Layer 2, head 3');
    assert.equal(await page.locator('#words [aria-checked=true]').innerText(), 'bass');
    assert.match(await text(page, '#focus-note'), /^“bass” gives \d+ % to /);
    assert.equal(await text(page, '#becoming-title'), 'What “bass” becomes');
    assert.equal(await page.locator('#flow tbody tr').count(), 7, 'the input and six layers');
    assert.deepEqual(await page.locator('#flow tbody tr').first().locator('td').allInnerTexts(), [
      ...Array(3).fill('0 %'),
      '100 %',
      ...Array(4).fill('0 %'), // the last one: the two marks
    ]);
    // the same word, another sentence: another meaning
    const nearest = page.locator('#meaning div').nth(1).locator('li');
    assert.match(await nearest.first().innerText(), /^Salmon/);
    assert.match(await text(page, '#meaning .new >> nth=0'), /^Salmon/, 'what the sentence brought in is marked');
    await page.locator('#sentences button', { hasText: 'jazz' }).click();
    await nearest.first().filter({ hasText: 'Jazz improvisation' }).waitFor();
    assert.match(await hash(page), /^#attention\?text=he plays the bass in a jazz band&layer=2&head=3&word=4$/);
    assert.deepEqual(complaints, []);
  }));

test('attention: any layer and head, for eyes, keys and screen readers', () =>
  visit({}, async ({ page, url, complaints }) => {
    await page.goto(url + link('attention', { text: question }));
    await page.locator('#heat svg').waitFor();
    assert.equal(await page.locator('#heads [role=radio]').count(), 72);
    assert.equal(await page.locator('#heat g[role=img]').count(), 5);
    await page.locator('#specials').check();
    assert.equal(await page.locator('#heat g[role=img]').count(), 7);
    await page.locator('#heads [role=radio][aria-label="Layer 1, head 1"]').click();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowRight');
    assert.equal(await text(page, '#picture-title'), 'Layer 2, head 2');
    await page.locator('#heat g[tabindex="0"]').focus();
    assert.match(await text(page, '#focus-note'), /^“plants” gives \d+ % to /, 'the longest word is chosen');
    await page.keyboard.press('ArrowDown');
    assert.match(await text(page, '#focus-note'), /^“make” gives \d+ % to /);
    await page.keyboard.press('Enter');
    assert.equal(await page.locator('#words [aria-checked=true]').innerText(), 'make');
    await page.locator('#attention summary').click();
    const row = await page.locator('#attention-table tbody tr').nth(1).locator('td').allInnerTexts();
    const sum = row.reduce((total, share) => total + parseInt(share, 10), 0);
    assert.ok(Math.abs(sum - 100) <= 4, `a row of attention adds up to ${sum} %`);
    for (const layer of await page.locator('#flow tbody tr').all()) {
      const shares = (await layer.locator('td').allInnerTexts()).map((share) => parseInt(share, 10));
      const all = shares.reduce((total, share) => total + share, 0);
      assert.ok(Math.abs(all - 100) <= 4, `what a word is made of adds up to ${all} %`);
    }
    assert.deepEqual(complaints, []);
  }));

test('running: the type, its constants, and a memory map that adds up', () =>
  visit({}, async ({ page, url, complaints }) => {
    await page.goto(url + link('running'));
    await page.locator('#facts', { hasText: 'Passages' }).waitFor();
    const facts = await text(page, '#facts');
    for (const said of ['bert<minilm_l6, f32>', '22,713,216', '91.1 MB', 'relaxed SIMD'])
      assert.ok(facts.includes(said), said);
    assert.match(await text(page, '#code'), /parameters<embedder>\(\) == 22'713'216/);
    const held = (await page.locator('#memory-table tbody td:nth-child(2)').allInnerTexts()).map((n) =>
      Number(n.replaceAll(',', '')),
    );
    const memory = held.reduce((sum, n) => sum + n, 0);
    assert.equal(memory % 65536, 0, `${memory} bytes are no whole pages of WebAssembly`);
    assert.equal(held[0], 4 * 30522 * 384, 'the word vectors');
    assert.deepEqual(
      (await page.locator('#memory-table tbody th span').allInnerTexts()).map((s) => s.split('\n')[0]),
      [
        'Word vectors',
        'Positions, segments and their norm',
        'Layers: attention',
        'Layers: feed-forward',
        'Pooler',
        'Vocabulary, as text',
        'Scratch of a forward',
        'The rest',
      ],
    );
    // to scale: the boxes' area is the bytes
    const area = await page.locator('#map rect').evaluateAll((all) => {
      const sums = {};
      for (const box of all) sums[box.dataset.kind] = (sums[box.dataset.kind] ?? 0) + Number(box.getAttribute('width'));
      return sums;
    });
    assert.ok(Math.abs(area.words / area.scratch - held[0] / held[6]) < 0.01 * (held[0] / held[6]), 'drawn to scale');
    assert.deepEqual(complaints, []);
  }));

test('size: the bytes measured when the site was built, in three forms', () =>
  visit({}, async ({ page, url, server, complaints }) => {
    await page.goto(url + link('size', { as: 'raw' }));
    await page.locator('#ledger table').first().waitFor();
    const { ours } = await page.evaluate(async () => (await fetch('sizes.json')).json());
    const module = ours.files.find(({ name }) => name === 'minilm_l6.relaxed.wasm');
    assert.equal(
      module.raw,
      await page.evaluate(async () => (await (await fetch('engine/minilm_l6.relaxed.wasm')).blob()).size),
    );
    assert.ok(module.brotli < module.gzip && module.gzip < module.raw);
    await page.locator('#ledger', { hasText: `${Math.round(module.raw / 1000)} KB` }).waitFor();
    await page.getByLabel('brotli').check();
    assert.equal(await hash(page), '#size');
    assert.match(await text(page, '#size-sum'), /KB/);
    assert.deepEqual(complaints, []);
    with_peer(server);
    await page.goto('about:blank');
    await page.goto(url + link('size'));
    await page.locator('#size-sum', { hasText: '10.0 KB beside 500 KB: 50 times less' }).waitFor();
    await page.getByLabel('gzip').check();
    await page.locator('#size-sum', { hasText: '20.0 KB beside 1.0 MB: 50 times less' }).waitFor();
    assert.equal(await hash(page), '#size?as=gzip');
    server.faults.set('/sizes.json', { status: 404 });
    await page.reload();
    await page
      .locator('#size-empty', { hasText: 'The sizes did not come: sizes.json: the server answered 404.' })
      .waitFor();
  }));

test('a link that makes no sense leads to a view all the same', () =>
  visit({}, async ({ page, url, complaints }) => {
    await page.goto(`${url}#nowhere?q=1`);
    await ready(page);
    assert.equal(await page.locator('main section:visible').getAttribute('id'), 'search');
    await go(page, link('attention', { text: lake, layer: 99, head: -1, word: 'x' }));
    await page.locator('#picture-title', { hasText: /^Layer [1-6], head \d+$/ }).waitFor();
    assert.equal(await page.locator('#words [aria-checked=true]').count(), 0);
    await page.locator('#sentence').fill('   ');
    await page.locator('#attention-body').waitFor({ state: 'hidden' });
    await go(page, link('race', { tokens: '1,many', rounds: 0 }));
    await page.locator('#race-start').waitFor();
    await go(page, link('size', { as: '"]' }));
    await page.locator('#ledger table').first().waitFor();
    assert.equal(await page.locator('[name=form]:checked').getAttribute('value'), 'brotli');
    assert.deepEqual(complaints, []);
  }));

test('the tour can be taken by keyboard alone', () =>
  visit({}, async ({ page, url }) => {
    const focused = () => page.evaluate(() => document.activeElement.id || document.activeElement.textContent);
    const tab_to = async (wanted) => {
      for (let i = 0; i < 40; ++i) {
        await page.keyboard.press('Tab');
        if (await page.evaluate((place) => document.activeElement.matches(place), wanted)) return;
      }
      throw new Error(`the Tab key does not reach ${wanted}`);
    };
    await page.goto(url);
    await ready(page);
    await page.keyboard.press('Tab');
    assert.equal(await focused(), 'skip');
    await page.keyboard.press('Enter');
    assert.equal(await focused(), 'query');
    await page.keyboard.type('why is the sky blue');
    await page.locator('#status', { hasText: /^Nearest of 351 passages: .*sky/i }).waitFor({ state: 'attached' });
    assert.equal(await hash(page), '#search?q=why is the sky blue');
    await tab_to('[name=source]');
    await tab_to('.next a');
    await page.keyboard.press('Enter');
    await page.locator('#heat svg').waitFor();
    assert.equal(await focused(), 'attention-title');
    assert.equal(await page.locator('#sentence').inputValue(), 'why is the sky blue', 'the question goes along');
    await tab_to('#words button');
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowRight');
    await page.locator('#becoming-title', { hasText: '“is”' }).waitFor();
    await tab_to('#heads button');
    await tab_to('#heat g');
    await tab_to('summary');
    await tab_to('.next a');
    await page.keyboard.press('Enter');
    await tab_to('#race-start');
    await page.keyboard.press('Enter');
    await page.locator('#race-stop').waitFor();
    assert.equal(await focused(), 'race-stop');
    await page.keyboard.press('Enter');
    assert.equal(await focused(), 'race-start');
    await tab_to('.next a');
    await page.keyboard.press('Enter');
    await page.locator('#map svg').waitFor();
    await tab_to('.next a');
    await page.keyboard.press('Enter');
    await page.locator('#ledger table').first().waitFor();
    await tab_to('[name=form]');
    await page.keyboard.press('ArrowRight');
    assert.equal(await hash(page), '#size?as=gzip');
    await tab_to('.next a');
    await page.keyboard.press('Enter');
    await page.locator('#chat-empty:visible, #chat-loading:visible').waitFor();
    assert.equal(await focused(), 'chat-title');
    await page.goBack();
    await page.goBack();
    await page.locator('#map svg').waitFor();
    assert.equal(await page.locator('#tour [aria-current=page]').innerText(), 'What runs');
  }));
