// The frame around the views: colors and the skip link. Then the engine, then the copy for a visit without a network.
import { find } from './dom.mjs';
import * as engine from './engine.mjs';
import { keep_page } from './keeping.mjs';
import * as views from './views.mjs';

const theme = find('theme'),
  dark_system = matchMedia('(prefers-color-scheme: dark)');
const is_dark = () => (document.documentElement.dataset.theme ?? (dark_system.matches ? 'dark' : 'light')) === 'dark';
function theme_changed() {
  theme.setAttribute('aria-pressed', is_dark());
  dispatchEvent(new Event('theme'));
}
theme.addEventListener('click', () => {
  document.documentElement.dataset.theme = is_dark() ? 'light' : 'dark';
  try {
    localStorage.setItem('theme', document.documentElement.dataset.theme);
  } catch {
    /* not kept, then */
  }
  theme_changed();
});
dark_system.addEventListener('change', theme_changed);
theme_changed();

find('skip').addEventListener('click', (event) => {
  event.preventDefault(); // the address says which view is shown
  views.focus();
});

views.start();
// The first paint comes before the engine. A hidden tab paints nothing and waits for nothing.
await new Promise((go) => {
  if (document.hidden) return go();
  if (!PerformanceObserver.supportedEntryTypes?.includes('paint')) return requestAnimationFrame(() => setTimeout(go));
  new PerformanceObserver(go).observe({ type: 'paint', buffered: true });
  document.addEventListener('visibilitychange', go, { once: true });
  setTimeout(go, 2000); // whatever a browser says of its paints
});
await views.engine_wanted();
engine.begin();
await engine.ready();
keep_page(); // this may wait until it works
