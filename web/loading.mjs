// What is on the way, how far it is, and what to do when it did not come: a card for each model that the page loads.
import { el, find } from './dom.mjs';
import { bytes } from './format.mjs';

// -> { offer, progress, failed, done }, which draw into this element
export function loading_in(card) {
  let bar = null,
    note = null,
    drawn = '';

  function frame(kind, ...children) {
    card.className = `card loading ${kind}`;
    card.hidden = false;
    card.replaceChildren(...children.flat().filter(Boolean));
    drawn = kind;
  }

  // Nothing is fetched before the visitor says so.
  function offer(title, notes, button, start) {
    frame(
      'offer',
      el('h2', {}, title),
      notes.map((text) => el('p', { class: 'note' }, text)),
      el('div', { class: 'row' }, el('button', { class: 'button main', type: 'button', onclick: start }, button)),
    );
  }

  function progress({ phase, loaded, total, source }, cancel) {
    if (drawn !== 'going') {
      bar = el('i');
      note = el('p', { class: 'note' });
      frame(
        'going',
        el('h2', {}, 'Getting the model'),
        el(
          'p',
          { class: 'note' },
          'The weights come once and are kept by your browser: the next visit starts at once, also without a network.',
        ),
        el(
          'div',
          {
            class: 'meter',
            role: 'progressbar',
            'aria-label': 'Loading the model',
            'aria-valuemin': 0,
            'aria-valuemax': 100,
          },
          bar,
        ),
        el('div', { class: 'row' }, note, el('button', { class: 'button', type: 'button', onclick: cancel }, 'Cancel')),
      );
    }
    const part = phase === 'weights' && total ? loaded / total : 0;
    bar.parentNode.classList.toggle('waiting', !part);
    bar.style.width = part ? `${100 * part}%` : '';
    if (part) bar.parentNode.setAttribute('aria-valuenow', Math.round(100 * part));
    note.textContent = !part
      ? 'The engine…'
      : loaded === total
        ? 'Checking the weights…'
        : `${bytes(loaded)} of ${bytes(total)}${source === 'cache' ? ', from this browser’s own storage' : ''}`;
  }

  function failed({ code, message }, retry) {
    const [title, advice] = {
      unsupported: [
        'This browser cannot run the engine',
        'It needs WebAssembly SIMD, which browsers have had since 2021 (Safari since 2023). Please try a newer one.',
      ],
      aborted: ['Cancelled', 'Nothing was kept. Start again whenever you like.'],
      network: [
        'The model could not be fetched',
        navigator.onLine
          ? 'The server did not answer as it should.'
          : 'There is no network at the moment, and this browser holds no copy yet.',
      ],
      incomplete: ['The download broke off', 'Nothing is damaged: try again.'],
      memory: [
        'Not enough memory',
        'The browser did not give the memory that the weights need. Closing other tabs may help.',
      ],
    }[code] ?? ['Something went wrong', 'The engine said:'];
    const button =
      code === 'unsupported'
        ? null
        : el(
            'button',
            { class: 'button main', type: 'button', onclick: retry },
            code === 'aborted' ? 'Start' : 'Try again',
          );
    frame(
      code === 'aborted' ? 'cancelled' : 'failed',
      el('h2', {}, title),
      el('p', { class: 'note' }, advice),
      code === 'aborted' ? null : el('p', { class: 'why' }, message),
      button && el('div', { class: 'row' }, button),
    );
    find('status').textContent = `${title}. ${advice}`;
  }

  function done() {
    card.hidden = true;
    drawn = '';
  }
  return { offer, progress, failed, done };
}
