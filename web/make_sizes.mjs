// Measures the engine's files, and onnxruntime-web's and the chat's where they lie beside the page, and writes SITE/sizes.json.
//
//   node make_sizes.mjs SITE
//
// A file that has not changed since the last time is not compressed again: the best brotli takes its time.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const [site] = process.argv.slice(2);
if (!site) {
  console.error('usage: node make_sizes.mjs SITE');
  process.exit(2);
}
const out = join(site, 'sizes.json');
let before = [];
try {
  const { ours, peer, chat } = JSON.parse(readFileSync(out, 'utf8'));
  before = [...ours.files, ...(peer?.files ?? []), ...(chat?.files ?? [])];
} catch {
  /* none yet */
}

function measure(folder, name) {
  const data = readFileSync(join(site, folder, name)),
    hash = createHash('sha256').update(data).digest('hex').slice(0, 16);
  const kept = before.find((file) => file.hash === hash && file.name === name);
  return (
    kept ?? {
      name,
      hash,
      raw: data.length,
      gzip: gzipSync(data, { level: 9 }).length,
      brotli: brotliCompressSync(data, {
        params: {
          [constants.BROTLI_PARAM_QUALITY]: 11,
          [constants.BROTLI_PARAM_LGWIN]: 24,
          [constants.BROTLI_PARAM_SIZE_HINT]: data.length,
        },
      }).length,
    }
  );
}
const scripts_first = (a, b) => a.endsWith('.wasm') - b.endsWith('.wasm') || a.localeCompare(b);
const code = (folder) =>
  readdirSync(join(site, folder))
    .filter((name) => /\.(mjs|js|wasm)$/.test(name))
    .sort(scripts_first);

const sizes = {
  ours: { name: 'Constformer', files: code('engine').map((name) => measure('engine', name)) },
  weights: statSync(join(site, 'engine/minilm_l6.weights')).size,
};
const told = join(site, 'peer/peer.json');
if (existsSync(told)) {
  const peer = JSON.parse(readFileSync(told, 'utf8')); // { name, version, entry, model }
  sizes.peer = {
    ...peer,
    files: code('peer').map((name) => measure('peer', name)),
    model: { name: peer.model, raw: statSync(join(site, 'peer', peer.model)).size },
  };
}
const chats = join(site, 'chat/chat.json');
if (existsSync(chats)) {
  const chat = JSON.parse(readFileSync(chats, 'utf8')); // { name, title }
  const weights = statSync(join(site, `chat/${chat.name}.weights`)).size;
  sizes.chat = { ...chat, files: code('chat').map((name) => measure('chat', name)), weights };
}
writeFileSync(`${out}.part`, `${JSON.stringify(sizes, null, 1)}\n`);
renameSync(`${out}.part`, out);
