// What a language model writes, as elements: paragraphs, lists, code, and the few marks of Markdown that small models use.
import { el } from './dom.mjs';

// Bold and code inside a line.
const inline = (text) =>
  text
    .split(/(\*\*[^*\n]+\*\*|`[^`\n]+`)/)
    .map((part, i) => (i % 2 === 0 ? part : part[0] === '`' ? el('code', {}, part.slice(1, -1)) : el('strong', {}, part.slice(2, -2))));

const bullet = /^\s*(?:[-*•]|(\d+)[.)])\s+(.*)$/;

// -> elements. A text that is still being written may break off anywhere.
export function prose(text) {
  const blocks = [];
  let lines = [],
    list = null,
    code = null;
  const end = () => {
    if (lines.length) blocks.push(el('p', {}, inline(lines.join('\n'))));
    lines = [];
    list = null;
  };
  for (const line of text.trim().split('\n')) {
    if (/^\s*```/.test(line)) {
      if (code) {
        code = null;
        continue;
      }
      end();
      code = el('code');
      blocks.push(el('pre', {}, code));
      continue;
    }
    if (code) {
      code.append(`${line}\n`);
      continue;
    }
    const [, number, item] = bullet.exec(line) ?? [];
    const heading = /^#{1,6}\s+(.*)$/.exec(line)?.[1];
    if (item !== undefined) {
      const kind = number === undefined ? 'ul' : 'ol';
      if (list?.localName !== kind) {
        end();
        list = el(kind, number === undefined ? {} : { start: number });
        blocks.push(list);
      }
      list.append(el('li', {}, inline(item)));
    } else if (heading !== undefined) {
      end();
      blocks.push(el('p', {}, el('strong', {}, heading)));
    } else if (!line.trim()) {
      if (!list) end(); // (a blank line between two items is part of their list)
    } else {
      if (list) end();
      lines.push(line);
    }
  }
  end();
  return blocks;
}
