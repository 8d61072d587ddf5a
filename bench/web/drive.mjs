// Serves a page and its engines, opens it in headless Chromium, prints what it measured as JSON.
//
//   node drive.mjs FOLDERS JOB     FOLDERS: JSON, what lies at which path, as {"/engine/": "build/site/engine", …}; "/" has
//                                  `script`. JOB: JSON: {script, name, …}, what the script's function of this name takes,
//                                  or {script, rounds, visits}: each of which opens a page of its own, in turns
import { createReadStream, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { dirname, extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const { chromium } = createRequire(join(here, '../../tests/web/'))('playwright-core');
const [folders, job] = process.argv.slice(2).map((text) => JSON.parse(text));
const types = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.wasm': 'application/wasm',
};
const place = (path) => {
  const under = Object.keys(folders).filter((folder) => path.startsWith(folder));
  const longest = under.reduce((a, b) => (b.length > a.length ? b : a));
  return join(folders[longest], normalize(`/${path.slice(longest.length)}`));
};

const server = createServer((request, response) => {
  const { pathname } = new URL(request.url, 'http://x');
  const file = pathname === '/' ? join(here, 'index.html') : place(pathname);
  let size;
  try {
    size = statSync(file).size;
  } catch {
    response.writeHead(404).end();
    return;
  }
  // An isolated page has the finer clock.
  response.writeHead(200, {
    'content-type': types[extname(file)] ?? 'application/octet-stream',
    'content-length': size,
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-embedder-policy': 'require-corp',
  });
  createReadStream(file, { highWaterMark: 1 << 20 }).pipe(response);
});
await new Promise((ready) => {
  server.listen(0, '127.0.0.1', ready);
});
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
});
try {
  const visit = async (what, given) => {
    const context = await browser.newContext(), // (nothing is kept between visits)
      page = await context.newPage();
    page.on('pageerror', (problem) => console.error(problem.message));
    await page.goto(`http://127.0.0.1:${server.address().port}/`);
    const found = await page.evaluate(
      async ([script, name, options]) => (await import(`/${script}`))[name](options),
      [job.script, what, given],
    );
    await context.close();
    return found;
  };
  const about = { browser: `Chromium ${browser.version()}` };
  if (job.visits) {
    about.starts = Object.fromEntries(job.visits.map(({ name }) => [name, []]));
    for (let round = 0; round < job.rounds; ++round)
      for (const { name, ...given } of job.visits) about.starts[name].push(await visit('start', given));
  } else Object.assign(about, await visit(job.name, job));
  console.log(JSON.stringify(about));
} catch (problem) {
  console.error(`bench: ${problem.message}`);
  process.exitCode = 1;
} finally {
  await browser.close();
  server.close();
}
