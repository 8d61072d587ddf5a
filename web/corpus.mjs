// What is searched: the passages that come with the page, or a text that the visitor pastes.
const passage = (line) => {
  const [title, text] = line.split('\t');
  return text === undefined ? { text: title } : { title, text };
};

// The passages, and their vectors, which were made when the site was built; `model`: the layout's hash of the model that
// made them.
export async function bundled(signal) {
  const response = await fetch('passages.index', { signal });
  if (!response.ok) throw new Error(`the passages at passages.index: the server answered ${response.status}`);
  return read_index(await response.arrayBuffer());
}

// An index as include/constformer/tasks/search.hpp has it: a header of 64 bytes, vectors, where each text begins, texts.
function read_index(buffer) {
  const view = new DataView(buffer),
    text = new TextDecoder();
  const wrong = () => {
    throw new Error('passages.index is not an index of passages, or is incomplete');
  };
  if (buffer.byteLength < 64 || text.decode(new Uint8Array(buffer, 0, 8)) !== 'cfindex1') wrong();
  const width = view.getUint32(8, true),
    count = view.getUint32(12, true),
    begins = Number(view.getBigUint64(16, true));
  if (Number(view.getBigUint64(32, true)) !== buffer.byteLength || begins < 64 + 4 * width * count) wrong();
  const texts = begins + 8 * (count + 1);
  if (texts + Number(view.getBigUint64(24, true)) !== buffer.byteLength) wrong();
  const at = (i) => texts + Number(view.getBigUint64(begins + 8 * i, true));
  const passages = Array.from({ length: count }, (_, i) =>
    passage(text.decode(new Uint8Array(buffer, at(i), at(i + 1) - at(i)))),
  );
  return {
    passages,
    vectors: new Float32Array(buffer, 64, width * count),
    model: view.getBigUint64(40, true).toString(16).padStart(16, '0'),
  };
}

// A pasted text, cut into sentences or paragraphs.
export function split(text, how) {
  const paragraphs = text
    .split(/\n\s*\n/)
    .map((p) => p.replace(/\s+/g, ' ').trim())
    .filter(Boolean);
  if (how === 'paragraph' || typeof Intl.Segmenter !== 'function') return paragraphs.map((p) => ({ text: p }));
  const sentences = new Intl.Segmenter(undefined, { granularity: 'sentence' });
  return paragraphs
    .flatMap((p) => Array.from(sentences.segment(p), ({ segment }) => ({ text: segment.trim() })))
    .filter(({ text: sentence }) => sentence);
}

// What is embedded: the whole line, since the title says what a short passage is about.
export const embedded = ({ title, text }) => (title ? `${title}\t${text}` : text);
