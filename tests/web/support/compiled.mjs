// A checkpoint as a package for the web, made by its one command: only the module with relaxed SIMD. A folder of packages that
// have been made already can be named by CONSTFORMER_COMPILED.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './package.mjs';
import { root } from './site.mjs';

const folder = process.env.CONSTFORMER_COMPILED ?? join(root, 'build/package-web');
let busy = [Promise.resolve(), Promise.resolve()]; // two compile at a time

// Where the package is.
export function compiled(checkpoint, name, precision = 'f32') {
  const out = join(folder, name),
    options = ['--target', 'wasm', '--march', 'relaxed', '--precision', precision, '-q'];
  if (process.env.CONSTFORMER_COMPILED) return Promise.resolve(out);
  mkdirSync(folder, { recursive: true });
  const [first, ...others] = busy,
    made = first.then(() => run(join(root, 'tools/constformer'), ['compile', join(root, checkpoint), '-o', out, ...options]));
  busy = [...others, made.catch(() => {})];
  return made.then(() => out);
}
