// A visit to the page: a server, a browser profile of its own, and the moments that tests wait for.
import { open } from './browser.mjs';
import { serve } from './server.mjs';
import { site } from './site.mjs';

export const question = 'how do plants make food';
// Held by the page and, since a worker has the policy of its own script, by the workers too.
const policy =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self'; connect-src 'self'; worker-src 'self'";

export async function visit(browser, { folder = site, ...options }, run) {
  const server = await serve(folder, { headers: { 'content-security-policy': policy } }),
    { context, page, complaints } = await open(browser, options);
  try {
    await run({ server, context, page, complaints, url: server.url });
  } finally {
    await context.close();
    await server.close();
  }
}

// Loaded, and every passage in the index.
export const ready = (page) =>
  page.locator('#bundled-label', { hasText: '351 bundled' }).waitFor({ state: 'attached' });
export const link = (view, parameters = {}) => `#${view}?${new URLSearchParams(parameters)}`;
// Where a link's view is already open, only the part behind # changes.
export const go = (page, hash) =>
  page.evaluate((to) => {
    location.hash = to;
  }, hash);
export const first = (page) => page.locator('#results li:first-child .title');
export const answered = (page) =>
  page.waitForFunction(() => document.querySelector('#results li .number')?.textContent);
// The engine keeps its weights in the background; the service worker keeps the page.
export const kept = (page) =>
  page.evaluate(async () => {
    await navigator.serviceWorker.ready;
    for (let i = 0; i < 600; ++i) {
      const store = await caches.open('constformer');
      if ((await store.keys()).some((request) => request.url.includes('.weights'))) return;
      await new Promise((later) => {
        setTimeout(later, 100);
      });
    }
    throw new Error('the weights were not kept');
  });
