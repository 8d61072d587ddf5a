// The page's copy for a visit without a network. It is a nicety, and nothing waits for it.
export async function keep_page(...more) {
  try {
    await navigator.serviceWorker?.register('sw.js');
    if (!more.length) return;
    const store = await caches.open('constformer-page'); // as sw.js names it, which may have come too late for these
    await store.addAll(more);
  } catch {
    /* no service worker, no storage, or no room */
  }
}
