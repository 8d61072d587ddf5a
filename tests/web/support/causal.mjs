// The golden language model as a package for the web, made by its one command: a folder that has been made already can be named
// by CONSTFORMER_CAUSAL.
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { run } from './package.mjs';
import { root } from './site.mjs';

export const golden = join(root, 'tests/golden/llama_chat');
export const folder = process.env.CONSTFORMER_CAUSAL ?? join(root, 'build/package-web/llama_chat');
export const make = async () => {
  if (process.env.CONSTFORMER_CAUSAL) return;
  mkdirSync(dirname(folder), { recursive: true });
  const command = ['compile', golden, '-o', folder, '--target', 'wasm'];
  await run(join(root, 'tools/constformer'), command);
};
