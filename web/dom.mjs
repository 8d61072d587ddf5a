// Elements by hand: el('p', { class: 'note' }, 'text', child). Text is always text, never markup.
const make =
  (space) =>
  (tag, attributes = {}, ...children) => {
    const node = space ? document.createElementNS(space, tag) : document.createElement(tag);
    for (const [name, value] of Object.entries(attributes))
      if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
      else if (value === true) node.setAttribute(name, '');
      else if (value !== false && value !== null && value !== undefined) node.setAttribute(name, value);
    node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
    return node;
  };
export const el = make(null);
export const svg = make('http://www.w3.org/2000/svg');
export const find = (id) => document.getElementById(id);
