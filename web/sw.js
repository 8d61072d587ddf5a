// Keeps the page for a visit without a network: what the server says wins, the kept copy helps when it says nothing.
const store = 'constformer-page';
const files = [
  './',
  'style.css',
  'theme.js',
  'icon.svg',
  'app.mjs',
  'attention.mjs',
  'becoming.mjs',
  'chat.mjs',
  'corpus.mjs',
  'dom.mjs',
  'engine.mjs',
  'format.mjs',
  'heads.mjs',
  'keeping.mjs',
  'lens.mjs',
  'library.mjs',
  'loading.mjs',
  'memory.mjs',
  'picture.mjs',
  'prose.mjs',
  'race.mjs',
  'race_worker.mjs',
  'results.mjs',
  'running.mjs',
  'search.mjs',
  'size.mjs',
  'statistics.mjs',
  'talk.mjs',
  'timing.mjs',
  'views.mjs',
  'sizes.json',
  'passages.index',
  'engine/minilm_l6.mjs',
  'engine/minilm_l6.wasm',
  'engine/minilm_l6.relaxed.wasm',
  'engine/minilm_l6.threads.wasm',
];
const not_kept = /\.weights$|\/peer\//; // the engine keeps its weights itself; the peer is large and only for a race

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
  if (request.method !== 'GET' || url.origin !== location.origin || not_kept.test(url.pathname)) return;
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
