// Every view in light and dark, on a desk and on a phone: by the rules of axe-core (what keeps a person with a screen reader,
// a keyboard or weak eyes from using it), by its width, and as a picture for eyes to compare.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { launch, open } from './support/browser.mjs';
import { with_peer } from './support/peer.mjs';
import { serve } from './support/server.mjs';
import { pictures, site } from './support/site.mjs';
import { go, link, question, ready } from './support/visit.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
let browser, server;
before(async () => {
  browser = await launch();
  server = await serve(site);
  with_peer(server);
});
after(async () => {
  await browser?.close();
  await server?.close();
});

// Every broken rule with the places where it is broken.
async function broken(page) {
  await page.evaluate(axe);
  const { violations, passes } = await page.evaluate(() => globalThis.axe.run());
  assert.ok(passes.length > 20, `axe looked at ${passes.length} rules only`);
  return violations.map(
    ({ id, impact, nodes }) =>
      `${impact} ${id}: ${nodes.map((n) => `${n.target.join(' ')} (${n.any[0]?.message ?? n.html})`).join('; ')}`,
  );
}

for (const [name, options] of [
  ['light', { colorScheme: 'light' }],
  ['dark', { colorScheme: 'dark' }],
  ['narrow', { colorScheme: 'light', viewport: { width: 360, height: 760 } }],
  ['narrow-dark', { colorScheme: 'dark', viewport: { width: 360, height: 760 } }],
])
  test(`breaks no rule of axe and fits: ${name}`, async () => {
    const { context, page } = await open(browser, { ...options, reducedMotion: 'reduce' });
    const found = {};
    const look = async (view) => {
      const { wide, room } = await page.evaluate(() => ({
        wide: document.documentElement.scrollWidth,
        room: innerWidth,
      }));
      await page.screenshot({ path: join(pictures, `${view}-${name}.png`), fullPage: true });
      return [...(await broken(page)), ...(wide > room ? [`${wide} px in a window of ${room}`] : [])];
    };
    server.faults.set('/engine/minilm_l6.weights', { cut: 1_000_000, times: 1 });
    await page.goto(server.url);
    await page.locator('#loading.failed .why').waitFor();
    found['where loading failed'] = await broken(page);
    await page.getByRole('button', { name: 'Try again' }).click();
    await ready(page);
    found['where nothing is asked'] = await broken(page);
    await page.locator('#query').fill(question);
    await page.locator('#results li').first().waitFor();
    found['with answers'] = await look('search');
    await page.getByLabel('Your own text').check();
    await page.locator('#own-text').fill('Rent is due at the end of the month. Our cat sleeps in the box.');
    await page.locator('#own-note', { hasText: '2 passages, read in' }).waitFor();
    found['with a text of the visitor'] = await broken(page);
    await go(page, link('attention', { text: 'she caught a bass in the lake', word: 4 }));
    await page.locator('#meaning li').first().waitFor();
    found['with the attention'] = await look('attention');
    await page.locator('#attention summary').click();
    found['with the attention as a table'] = await broken(page);
    await go(page, link('race', { tokens: 8, rounds: 1 }));
    await page.locator('#race-start').click();
    await page.locator('#race-status', { hasText: 'Done' }).waitFor();
    found['after a race'] = await look('race');
    await go(page, link('running'));
    await page.locator('#map svg').waitFor();
    found['with the memory'] = await look('running');
    await go(page, link('size', { as: 'raw' }));
    await page.locator('#ledger table').first().waitFor();
    found['with the sizes'] = await look('size');
    await context.close();
    const none = Object.fromEntries(Object.keys(found).map((state) => [state, []]));
    assert.deepEqual(found, none);
  });

test('a rule that is broken is noticed', async () => {
  const { context, page } = await open(browser, { colorScheme: 'light' });
  await page.goto(server.url);
  await page.evaluate(() => {
    document.querySelector('label[for="query"]')?.remove();
    const query = document.querySelector('#query');
    for (const name of ['aria-label', 'aria-labelledby', 'placeholder', 'title']) query.removeAttribute(name);
    document.querySelector('#search .lead').style.color = '#ddd';
  });
  const found = (await broken(page)).join('\n');
  await context.close();
  assert.match(found, /critical label: #query/);
  assert.match(found, /serious color-contrast: .*\.lead/);
});
