// The package as other projects use it: packed by npm, installed into an empty project, type-checked, bundled, imported by
// Node, by URL from another origin, and by an extension.
import assert from 'node:assert/strict';
import { cpSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { after, before, test } from 'node:test';
import { build } from 'esbuild';
import { launch, launch_with_extension, open } from './support/browser.mjs';
import { folder, make, name, run } from './support/package.mjs';
import { serve } from './support/server.mjs';
import { root } from './support/site.mjs';

const app = join(folder, 'app'),
  installed = join(app, 'node_modules', name),
  policy =
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; worker-src 'self'; img-src data:";
let packed, expected, browser;
before(async () => {
  await make();
  rmSync(app, { recursive: true, force: true });
  mkdirSync(app, { recursive: true });
  [packed] = JSON.parse(await run('npm', ['pack', join(folder, name), '--json', '--pack-destination', app]));
  writeFileSync(join(app, 'package.json'), '{ "name": "app", "private": true, "type": "module" }\n');
  const quiet = ['--offline', '--no-audit', '--no-fund', '--ignore-scripts'];
  await run('npm', ['install', ...quiet, `./${packed.filename}`], { cwd: app });
  rmSync(join(app, packed.filename));
  browser = await launch();
});
after(async () => {
  await browser?.close();
  rmSync(join(app, 'node_modules'), { recursive: true, force: true }); // 91 MB
});

const close = (found, wanted = expected) =>
  found.length === wanted.length && found.every((value, i) => Math.abs(value - wanted[i]) < 1e-6);

test('npm takes the folder as it is: eight files and a package.json, nothing else to install', () => {
  const files = ['LICENSE', 'README.md', 'index.mjs', 'package.json'];
  for (const end of ['d.ts', 'mjs', 'relaxed.wasm', 'threads.wasm', 'wasm', 'weights']) files.push(`${name}.${end}`);
  assert.deepEqual(packed.files.map(({ path }) => path).sort(), files.sort());
  const about = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'));
  for (const field of ['dependencies', 'peerDependencies', 'optionalDependencies', 'scripts'])
    assert.equal(about[field], undefined, field);
  assert.match(about.version, /^\d+\.\d+\.\d+/);
  assert.equal(about.license, 'MIT AND Apache-2.0');
  for (const file of ['index.mjs', `${name}.mjs`])
    assert.doesNotMatch(readFileSync(join(installed, file), 'utf8'), /\beval\s*\(|new Function|https?:\/\//, file);
});

test('Node uses it directly, and ends by itself', async () => {
  writeFileSync(
    join(app, 'node.mjs'),
    `import { load } from '${name}';
const model = await load();
const [vector] = await model.embed('a sentence');
const { thread, build } = await model.describe();
console.log(JSON.stringify({ vector: [...vector], thread, build }));
`,
  );
  const said = JSON.parse(await run(process.execPath, ['node.mjs'], { cwd: app, timeout: 60_000 }));
  assert.equal(said.thread, 'caller');
  expected = said.vector;
  assert.ok(Math.abs(Math.hypot(...expected) - 1) < 1e-5);
});

test('TypeScript knows its types, and refuses what is wrong', async () => {
  writeFileSync(
    join(app, 'types.ts'),
    `import { load, supports, ConstformerError, type Model, type SearchResult } from '${name}';
const model: Model = await load(new URL('x.weights', 'http://x/'), {
  onProgress: ({ phase, loaded, total }) => console.log(phase, loaded / total),
  signal: new AbortController().signal,
  worker: () => new Worker('x.mjs', { type: 'module' }),
});
const [vector]: Float32Array[] = await model.embed(['a', 'b'], { truncate: true });
const found: SearchResult = await model.search(vector!, await model.index(['a']), 3);
const simd: boolean = supports().simd128;
const { last_hidden_state } = await model.run({ input_ids: [[101, 102]] });
try {
  model.dispose();
} catch (problem) {
  if (problem instanceof ConstformerError && problem.code === 'disposed') console.log(found, simd, last_hidden_state?.dims);
}
// @ts-expect-error: a text is no number
await model.embed(3);
// @ts-expect-error: no such option
await load('x', { threads: 'many' });
// @ts-expect-error: no such code
new ConstformerError('sad', 'x');
`,
  );
  const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
  const common = ['--noEmit', '--strict', '--target', 'es2022', '--lib', 'es2022,dom', 'types.ts'];
  await Promise.all(
    [
      ['nodenext', 'nodenext'],
      ['esnext', 'bundler'],
    ].map(([module, resolution]) =>
      run(process.execPath, [tsc, ...common, '--module', module, '--moduleResolution', resolution], { cwd: app }),
    ),
  );
});

test('esbuild bundles it; the bundle runs in a worker under a strict policy, without special headers', async () => {
  const out = join(app, 'dist');
  writeFileSync(
    join(app, 'app.mjs'),
    `import { load } from '${name}';
const model = await load();
const [vector] = await model.embed('a sentence');
globalThis.answer = { vector: [...vector], about: await model.describe(), isolated: crossOriginIsolated };
globalThis.dispose = () => model.dispose();
`,
  );
  writeFileSync(
    join(app, 'index.html'),
    '<!doctype html><title>app</title><link rel="icon" href="data:,"><script type="module" src="app.js"></script>',
  );
  const { warnings } = await build({
    entryPoints: [join(app, 'app.mjs')],
    bundle: true,
    format: 'esm',
    minify: true,
    target: 'es2022',
    outdir: out,
    logLevel: 'silent',
  });
  assert.deepEqual(warnings, []);
  cpSync(join(app, 'index.html'), join(out, 'index.html'));
  for (const file of globSync(join(installed, `${name}.*`))) cpSync(file, join(out, basename(file)));
  const server = await serve(out, { headers: { 'content-security-policy': policy } }),
    { context, page, complaints } = await open(browser);
  const others = [];
  page.on('request', (request) => {
    if (!/^data:/.test(request.url()) && !request.url().startsWith(server.url)) others.push(request.url());
  });
  try {
    await page.goto(server.url);
    const { vector, about, isolated } = await (await page.waitForFunction(() => globalThis.answer)).jsonValue();
    assert.ok(close(vector));
    assert.equal(about.thread, 'worker');
    assert.equal(isolated, false);
    assert.equal(page.workers().length, 1);
    const ended = page.workers()[0].waitForEvent('close');
    await page.evaluate(() => globalThis.dispose());
    await ended;
    assert.equal(page.workers().length, 0);
    assert.deepEqual(others, []);
    assert.deepEqual(complaints, []);
    assert.deepEqual(
      server.asked.filter((path) => path.endsWith('.wasm')).map((path) => path.split('.').at(-2)),
      [about.build === 'simd128' ? `/${name}` : 'relaxed'],
      'one build of the engine is fetched',
    );
  } finally {
    await context.close();
    await server.close();
    rmSync(out, { recursive: true });
  }
});

test('a page takes it by URL from another origin, on its own thread; so does Node', async () => {
  const server = await serve(join(folder, name), { headers: { 'access-control-allow-origin': '*' } }),
    here = await serve(join(import.meta.dirname, 'support')),
    { context, page, complaints } = await open(browser);
  const script = `import { load } from '${server.url}index.mjs';
const model = await load();
const [vector] = await model.embed('a sentence');
console.log(JSON.stringify({ vector: [...vector], thread: (await model.describe()).thread }));`;
  try {
    await page.goto(`${here.url}blank.html`);
    const said = page.waitForEvent('console', { timeout: 60_000 });
    await page.addScriptTag({ type: 'module', content: script });
    for (const answer of [
      JSON.parse((await said).text()),
      JSON.parse(
        await run(process.execPath, [
          '--import',
          pathToFileURL(join(import.meta.dirname, 'support/by_url.mjs')).href,
          '--input-type=module',
          '--eval',
          script,
        ]),
      ),
    ]) {
      assert.equal(answer.thread, 'caller');
      assert.ok(close(answer.vector));
    }
    assert.deepEqual(complaints, []);
  } finally {
    await context.close();
    await here.close();
    await server.close();
  }
});

test('the service worker of an extension ranks the open tabs', async () => {
  const extension = join(folder, 'extension');
  await run(join(root, 'web/extension/assemble'), [extension, join(folder, name)]);
  const context = await launch_with_extension(extension),
    server = await serve(join(import.meta.dirname, 'support'));
  try {
    const worker = context.serviceWorkers()[0] ?? (await context.waitForEvent('serviceworker'));
    for (const title of ['Sourdough for beginners', 'How plants turn light into sugar', 'Train times to Lyon']) {
      const page = await context.newPage();
      await page.goto(`${server.url}blank.html`);
      await page.evaluate((text) => (document.title = text), title);
    }
    const page = await context.newPage();
    await page.goto(`chrome-extension://${new URL(worker.url()).host}/popup.html`);
    await page.locator('#query').fill('photosynthesis');
    await page.keyboard.press('Enter');
    const first = page.locator('#tabs li:first-child');
    await first.waitFor();
    assert.equal(await first.innerText(), 'How plants turn light into sugar');
    assert.equal(await page.locator('#tabs li').count(), 5);
    await page.locator('#query').fill('baking bread');
    await page.keyboard.press('Enter');
    await page.locator('#tabs li:first-child', { hasText: 'Sourdough' }).waitFor();
  } finally {
    await context.close();
    await server.close();
    rmSync(extension, { recursive: true });
  }
});
