// Where the page is that tools/site put together, and where pictures of it are kept.
import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '../../..');
export const site = process.env.CONSTFORMER_SITE ?? join(root, 'build/site');
export const pictures = join(root, 'build/screenshots');

for (const file of [
  'index.html',
  'engine/minilm_l6.mjs',
  'engine/minilm_l6.wasm',
  'engine/minilm_l6.relaxed.wasm',
  'engine/minilm_l6.weights',
])
  if (!existsSync(join(site, file))) throw new Error(`${join(site, file)} is missing: run tools/site`);
mkdirSync(pictures, { recursive: true });
