// Keeps the page for a visit without a network: what the server says wins, the kept copy helps when it says nothing.
// The weights are not kept here: the engine's module keeps them itself.
const store = 'constformer-page';
const files = [
  './',
  'style.css',
  'theme.js',
  'icon.svg',
  'app.mjs',
  'attention.mjs',
  'corpus.mjs',
  'dom.mjs',
  'format.mjs',
  'loading.mjs',
  'results.mjs',
  'running.mjs',
  'timing.mjs',
  'passages.index',
  'engine/minilm_l6.mjs',
  'engine/minilm_l6.wasm',
  'engine/minilm_l6.relaxed.wasm',
];

self.addEventListener('install', (event) => {
  event.waitUntil(
    caches
      .open(store)
      .then((cache) => cache.addAll(files))
      .then(() => self.skipWaiting()),
  );
});
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));
self.addEventListener('fetch', (event) => {
  const { request } = event,
    url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== location.origin || url.pathname.endsWith('.weights')) return;
  event.respondWith(
    (async () => {
      const cache = await caches.open(store);
      try {
        const fresh = await fetch(request);
        if (fresh.ok && !url.search) event.waitUntil(cache.put(request, fresh.clone()));
        return fresh;
      } catch (problem) {
        const kept = await cache.match(request, { ignoreSearch: true });
        if (kept) return kept;
        throw problem;
      }
    })(),
  );
});
