// The extension's service worker: it holds the model and answers the popup. A service worker cannot start workers, so the
// engine runs right here. The browser ends a service worker that has nothing to do; the next question loads the model again.
import { load } from './engine/index.mjs';

let loading = null;
function model() {
  loading ??= load(undefined, { tokens: 64 });
  loading.catch(() => (loading = null)); // the next question tries again
  return loading;
}

async function find(query) {
  const tabs = await chrome.tabs.query({}),
    { hits } = await (
      await model()
    ).search(
      query,
      tabs.map(({ title }) => title ?? ''),
      5,
    );
  return hits.map(({ index, score }) => {
    const { id, windowId, title } = tabs[index];
    return { id, windowId, title, score };
  });
}

chrome.runtime.onMessage.addListener(({ query }, _, answer) => {
  find(query).then(
    (tabs) => answer({ tabs }),
    (problem) => answer({ problem: problem.message }),
  );
  return true; // the answer comes later
});
