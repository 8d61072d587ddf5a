// The page with the golden language model as its chat: a copy of the site (hard links), put together as tools/site does it.
import { cpSync, linkSync, mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { folder, make as compile } from './causal.mjs';
import { run } from './package.mjs';
import { root, site as plain } from './site.mjs';

export const site = join(root, 'build/site-chat'),
  name = basename(folder);
export async function make() {
  await compile();
  rmSync(site, { recursive: true, force: true });
  for (const entry of readdirSync(plain, { recursive: true, withFileTypes: true })) {
    if (/\/(peer|chat)$/.test(entry.parentPath) || !entry.isFile()) continue;
    const into = entry.parentPath.replace(plain, site);
    mkdirSync(into, { recursive: true });
    const [from, to] = [join(entry.parentPath, entry.name), join(into, entry.name)];
    if (entry.name.endsWith('.weights')) linkSync(from, to);
    else cpSync(from, to);
  }
  await run(join(root, 'web/chat'), [site, folder, 'Golden-Llama']);
  await run('node', [join(root, 'web/make_sizes.mjs'), site]);
  return JSON.parse(readFileSync(join(site, 'sizes.json'), 'utf8')).chat;
}
