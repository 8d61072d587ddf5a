// onnxruntime-web is not installed where tests run: files that stand for it, beside the page, and sizes that name them.
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pictures } from './site.mjs';

const here = dirname(fileURLToPath(import.meta.url)),
  sized = (name, size) => ({ name, raw: 4 * size, gzip: 2 * size, brotli: size }),
  ours = {
    name: 'Constformer',
    files: [sized('minilm_l6.mjs', 1000), sized('minilm_l6.relaxed.wasm', 9000), sized('minilm_l6.wasm', 8000)],
  },
  peer = {
    name: 'onnxruntime-web',
    version: '9.9.9',
    entry: 'ort.wasm.min.mjs',
    files: [sized('ort.wasm.min.mjs', 20_000), sized('ort-wasm-simd-threaded.wasm', 480_000)],
    model: { name: 'minilm_l6.onnx', raw: 100 },
  };

function put(server, path, name, bytes) {
  const file = join(pictures, name);
  writeFileSync(file, bytes);
  server.faults.set(path, { file });
}
// Its answers are right, or wrong.
export function with_peer(server, { wrong = false } = {}) {
  put(server, '/peer/minilm_l6.onnx', `stand_in-${wrong}.onnx`, new Uint8Array(100).fill(wrong ? 1 : 0));
  put(server, '/sizes.json', 'stand_in-sizes.json', JSON.stringify({ ours, peer }));
  server.faults.set('/peer/ort.wasm.min.mjs', { file: join(here, 'stand_in.mjs') });
}
// Also where it is installed.
export const without_peer = (server) => put(server, '/sizes.json', 'stand_in-alone.json', JSON.stringify({ ours }));
