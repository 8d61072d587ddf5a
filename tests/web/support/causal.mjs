// The golden language model as a package for the web, made by its one command: a folder that has been made already can be named
// by CONSTFORMER_CAUSAL. It is made once for all tests, and anew where a source has changed.
import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { run } from './package.mjs';
import { root } from './site.mjs';

export const golden = join(root, 'tests/golden/llama_chat');
export const folder = process.env.CONSTFORMER_CAUSAL ?? join(root, 'build/package-web/llama_chat');
const newest = (path) =>
  Math.max(...readdirSync(join(root, path), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.pyc'))
    .map((entry) => statSync(join(entry.parentPath, entry.name)).mtimeMs));
const made = () => {
  const first = join(folder, `${basename(folder)}.wasm`); // of the files that the command puts there
  if (!existsSync(first) || !existsSync(join(folder, 'LICENSE'))) return false;
  const since = statSync(first).mtimeMs;
  return ['include', 'wasm', 'tools/compiler', 'tests/golden/llama_chat'].every((path) => newest(path) < since);
};
export const make = async () => {
  if (process.env.CONSTFORMER_CAUSAL || made()) return;
  mkdirSync(dirname(folder), { recursive: true });
  const command = ['compile', golden, '-o', folder, '--target', 'wasm'];
  await run(join(root, 'tools/constformer'), command);
};
