// Every view of the page: its deep link, what it shows, by keyboard alone, on a phone.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { launch } from './support/browser.mjs';
import { pictures } from './support/site.mjs';
import { go, link, question, ready, visit as visit_in } from './support/visit.mjs';

const support = join(dirname(fileURLToPath(import.meta.url)), 'support'),
  lake = 'she caught a bass in the lake';
let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());
const visit = (options, run) => visit_in(browser, options, run);
const hash = (page) => page.evaluate(() => decodeURIComponent(location.hash.replaceAll('+', ' ')));
const text = (page, place) => page.locator(place).innerText();

// onnxruntime-web is not installed where tests run: files that stand for it, with right or with wrong answers.
function stand_in(server, wrong) {
  const put = (path, name, bytes) => {
    const file = join(pictures, name);
    writeFileSync(file, bytes);
    server.faults.set(path, { file });
  };
  put('/peer/minilm_l6.onnx', `stand_in-${wrong}.onnx`, new Uint8Array(100).fill(wrong ? 1 : 0));
  server.faults.set('/peer/ort.wasm.min.mjs', { file: join(support, 'stand_in.mjs') });
  const file = (name, size) => ({ name, raw: 4 * size, gzip: 2 * size, brotli: size });
  const sizes = {
    ours: {
      name: 'Constformer',
      files: [file('minilm_l6.mjs', 1000), file('minilm_l6.relaxed.wasm', 9000), file('minilm_l6.wasm', 8000)],
    },
    peer: {
      name: 'onnxruntime-web',
      version: '9.9.9',
      entry: 'ort.wasm.min.mjs',
      files: [file('ort.wasm.min.mjs', 20_000), file('ort-wasm-simd-threaded.wasm', 480_000)],
      model: { name: 'minilm_l6.onnx', raw: 100 },
    },
  };
  put('/sizes.json', 'stand_in-sizes.json', JSON.stringify(sizes));
}

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
    assert.match(await text(page, '#focus-note'), /^\[CLS\] gives \d+ % to /);
    await page.keyboard.press('ArrowDown');
    assert.match(await text(page, '#focus-note'), /^“how” gives \d+ % to /);
    await page.keyboard.press('Enter');
    assert.equal(await page.locator('#words [aria-checked=true]').innerText(), 'how');
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

test('race: the peer is fetched when asked for, both are timed in turns, and their answers compared', () =>
  visit({}, async ({ page, url, server, complaints }) => {
    stand_in(server, false);
    await page.goto(url + link('race', { tokens: '8,24', rounds: 3 }));
    await page.locator('#race-start', { hasText: 'Fetch onnxruntime-web (2.0 MB) and race' }).waitFor();
    await ready(page);
    assert.ok(!server.asked.some((path) => path.startsWith('/peer/')), 'nothing of the peer comes unasked');
    await page.locator('#race-start').click();
    await page.locator('#race-status', { hasText: 'Done: 3 rounds.' }).waitFor();
    assert.deepEqual(await page.locator('#race-rows tbody th').allInnerTexts(), ['8', '24']);
    for (const row of await page.locator('#race-rows tbody tr').all()) {
      const [ours, theirs] = (await row.locator('.bar-line .number').allInnerTexts()).map(Number),
        ratio = parseFloat(await row.locator('td.number').innerText());
      assert.ok(
        ours > 0 && theirs > 0 && Math.abs(ratio - theirs / ours) < 0.06 * ratio,
        `${ours}, ${theirs}: ${ratio}`,
      );
    }
    assert.match(await text(page, '#race-ratio'), /^\d\.\d\d times as fast\s+Constformer beside onnxruntime-web/);
    assert.match(await text(page, '#race-cosine'), /^Both give the same embeddings: .* (1\.0000000|0\.99999\d+)\.$/);
    assert.deepEqual(complaints, []);
  }));

test('race: says so where the answers differ, and can be stopped', () =>
  visit({}, async ({ page, url, server }) => {
    stand_in(server, true);
    await page.goto(url + link('race', { tokens: '8', rounds: 99 }));
    await page.locator('#race-start').click();
    await page.locator('#race-cosine', { hasText: 'The answers differ' }).waitFor();
    await page.locator('#race-stop').click();
    assert.equal(await text(page, '#race-status'), 'Stopped.');
    assert.equal(await text(page, '#race-start'), 'Race again');
    server.faults.set('/peer/minilm_l6.onnx', { status: 404 });
    await page.locator('#race-start').click();
    await page.locator('#race-status', { hasText: 'The race broke off:' }).waitFor();
    assert.match(await text(page, '#race-status'), /minilm_l6\.onnx: the server answered 404/);
  }));

test('race: without the peer the two builds race, and a sentence says how to get it', () =>
  visit({}, async ({ page, url, server, complaints }) => {
    stand_in(server, false);
    const alone = join(pictures, 'stand_in-alone.json');
    writeFileSync(alone, JSON.stringify({ ours: { name: 'Constformer', files: [] } }));
    server.faults.set('/sizes.json', { file: alone });
    await page.goto(url + link('race', { tokens: '16', rounds: 2 }));
    await page.locator('#race-start', { hasText: 'Race the two builds' }).waitFor();
    assert.match(await text(page, '#race-note'), /onnxruntime-web is not beside this page.*bench\/run web --prepare/);
    await page.locator('#race-start').click();
    await page.locator('#race-status', { hasText: 'Done: 2 rounds.' }).waitFor();
    assert.deepEqual(await page.locator('#race-rows .bar-name').allInnerTexts(), ['relaxed SIMD', 'simd128']);
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
    stand_in(server, false);
    await page.goto('about:blank');
    await page.goto(url + link('size'));
    await page.locator('#size-sum', { hasText: '10.0 KB beside 500 KB: 50 times less' }).waitFor();
    await page.getByLabel('gzip').check();
    await page.locator('#size-sum', { hasText: '20.0 KB beside 1.0 MB: 50 times less' }).waitFor();
    assert.equal(await hash(page), '#size?as=gzip');
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
    await page.locator('#becoming-title', { hasText: 'the' }).waitFor();
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
    await page.goBack();
    await page.locator('#map svg').waitFor();
    assert.equal(await page.locator('#tour [aria-current=page]').innerText(), 'What runs');
  }));

test('every view fits a phone, in light and dark', async () => {
  for (const [name, options] of [
    ['light', { colorScheme: 'light' }],
    ['dark', { colorScheme: 'dark' }],
    ['narrow', { colorScheme: 'light', viewport: { width: 360, height: 760 } }],
    ['narrow-dark', { colorScheme: 'dark', viewport: { width: 360, height: 760 } }],
  ])
    await visit({ ...options, reducedMotion: 'reduce' }, async ({ page, url, server }) => {
      stand_in(server, false);
      await page.goto(url + link('search', { q: question }));
      await ready(page);
      for (const [view, parameters, there] of [
        ['search', { q: question }, '#results li'],
        ['attention', { text: lake, word: 4 }, '#meaning li'],
        ['race', { tokens: '8,16', rounds: 1 }, '#race-start'],
        ['running', {}, '#map svg'],
        ['size', {}, '#ledger table'],
      ]) {
        await go(page, link(view, parameters));
        await page.locator(there).first().waitFor();
        if (view === 'race' && !name.includes('narrow-')) {
          await page.locator('#race-start').click();
          await page.locator('#race-status', { hasText: 'Done' }).waitFor();
        }
        const { wide, room } = await page.evaluate(() => ({
          wide: document.documentElement.scrollWidth,
          room: innerWidth,
        }));
        assert.ok(wide <= room, `${view}, ${name}: ${wide} px in a window of ${room}`);
        await page.screenshot({ path: join(pictures, `${view}-${name}.png`), fullPage: true });
      }
    });
});
