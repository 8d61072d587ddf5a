// MiniLM as a package for npm, made by its one command.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { root } from './site.mjs';

export const folder = join(root, 'build/package-web'),
  name = 'minilm_l6';
// A program's output; an error that shows all of it if it fails.
export async function run(program, args, options = {}) {
  try {
    return (await promisify(execFile)(program, args, { maxBuffer: 1 << 24, ...options })).stdout;
  } catch (problem) {
    throw new Error(`${[program, ...args].join(' ')}\n${problem.stdout}${problem.stderr}`);
  }
}
export const make = () => run(join(root, 'tools/package-web'), []);
