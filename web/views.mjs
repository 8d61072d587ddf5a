// Which view is shown, and the address that leads to it: #NAME?PARAMETERS. A view's module is fetched when it is first
// shown and has enter(parameters), which brings it to what the parameters say; leave() is optional. A view that is `apart` does without
// the engine that the others share.
import { find } from './dom.mjs';

const views = {
  search: { title: 'search by meaning', get: () => import('./search.mjs'), field: 'query' },
  attention: { title: 'where each word looks', get: () => import('./attention.mjs'), field: 'sentence' },
  race: { title: 'why it is fast', get: () => import('./race.mjs') },
  running: { title: 'what is running here', get: () => import('./running.mjs') },
  size: { title: 'what it weighs', get: () => import('./size.mjs') },
  chat: { title: 'chat with a small model', get: () => import('./chat.mjs'), field: 'message', apart: true },
};
let shown = null;

function parsed() {
  const [, name = '', rest = ''] = /^#([^?]*)\??(.*)$/.exec(location.hash) ?? [];
  return [Object.hasOwn(views, name) ? name : 'search', new URLSearchParams(rest)];
}

// Writes what the view shows into the address, without a step in the history. Empty values are left out.
export function remember(name, parameters) {
  if (name !== shown) return;
  const said = new URLSearchParams(
    Object.entries(parameters).filter(([, value]) => value !== '' && value !== null && value !== undefined),
  ).toString();
  history.replaceState(null, '', `#${name}${said && `?${said}`}`);
}

export function focus() {
  const field = find(views[shown].field ?? '');
  (field?.checkVisibility() ? field : find(`${shown}-title`)).focus();
}

async function show(moved) {
  const [name, parameters] = parsed(),
    before = shown;
  shown = name;
  for (const other of Object.keys(views)) find(other).hidden = other !== name;
  find(name).querySelector('.slot')?.append(find('loading')); // what is on its way is said in every view
  for (const link of find('tour').children)
    if (link.hash === `#${name}`) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  document.title = `Constformer: ${views[name].title}`;
  if (moved && before !== name) {
    scrollTo({ top: 0, behavior: 'instant' });
    find(`${name}-title`).focus({ preventScroll: true }); // a screen reader says where one is now
    find('tour').querySelector('[aria-current]').scrollIntoView({ block: 'nearest', inline: 'center' });
  }
  if (before && before !== name) (await views[before].get()).leave?.();
  const view = await views[name].get();
  if (shown === name) view.enter(parameters);
}

// Until a view is shown that needs the engine.
export const engine_wanted = () =>
  new Promise((go) => {
    const look = () => {
      if (views[shown].apart) return;
      removeEventListener('hashchange', look);
      go();
    };
    addEventListener('hashchange', look);
    look();
  });

export function start() {
  addEventListener('hashchange', () => show(true));
  show(false);
}
