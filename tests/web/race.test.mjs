// The page's race, against a peer that is a stand-in: what is fetched when, what is timed, and what is said of it.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch } from './support/browser.mjs';
import { with_peer, without_peer } from './support/peer.mjs';
import { link, ready, visit as visit_in } from './support/visit.mjs';

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());
const visit = (options, run) => visit_in(browser, options, run);
const text = (page, place) => page.locator(place).innerText();

test('the peer is fetched when asked for, both are timed in turns, and their answers compared', () =>
  visit({}, async ({ page, url, server, complaints }) => {
    with_peer(server);
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
    assert.match(await page.locator('#status').textContent(), /^Done: 3 rounds\. \d\.\d\d times as fast/);
    assert.match(await text(page, '#race-cosine'), /^Both give the same embeddings: .* (1\.0000000|0\.99999\d+)\.$/);
    assert.deepEqual(complaints, []);
  }));

test('says so where the answers differ, and can be stopped', () =>
  visit({}, async ({ page, url, server }) => {
    with_peer(server, { wrong: true });
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

test('without the peer the two builds race, and a sentence says how to get it', () =>
  visit({}, async ({ page, url, server, complaints }) => {
    without_peer(server);
    await page.goto(url + link('race', { tokens: '16', rounds: 2 }));
    await page.locator('#race-start', { hasText: 'Race the two builds' }).waitFor();
    assert.match(await text(page, '#race-note'), /onnxruntime-web is not beside this page.*bench\/run web --prepare/);
    await page.locator('#race-start').click();
    await page.locator('#race-status', { hasText: 'Done: 2 rounds.' }).waitFor();
    assert.deepEqual(await page.locator('#race-rows .bar-name').allInnerTexts(), ['relaxed SIMD', 'simd128']);
    assert.deepEqual(complaints, []);
  }));
