// Serves the page and its engines, opens it in headless Chromium, prints what it measured as JSON.
//
//   node drive.mjs SITE ONNXRUNTIME PLAIN.onnx FUSED.onnx LENGTHS ROUNDS
import { createReadStream, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { dirname, extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const { chromium } = createRequire(join(here, '../../tests/web/'))('playwright-core');
const [site, ort, plain, fused, lengths, rounds] = process.argv.slice(2);
const types = { '.html': 'text/html', '.mjs': 'text/javascript', '.wasm': 'application/wasm' };
const place = (path) =>
  path === '/plain.onnx'
    ? plain
    : path === '/fused.onnx'
      ? fused
      : path.startsWith('/ort/')
        ? join(ort, normalize(path.slice(4)))
        : path.startsWith('/engine/')
          ? join(site, normalize(path))
          : join(here, normalize(path));

const server = createServer((request, response) => {
  const file = place(new URL(request.url, 'http://x').pathname.replace(/\/$/, '/index.html'));
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
  createReadStream(file).pipe(response);
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
  const page = await browser.newPage();
  page.on('pageerror', (problem) => console.error(problem.message));
  await page.goto(`http://127.0.0.1:${server.address().port}/`);
  const found = await page.evaluate(
    async ([all, turns]) => (await import('/race.mjs')).race(all, turns),
    [lengths.split(',').map(Number), Number(rounds)],
  );
  console.log(JSON.stringify({ browser: `Chromium ${browser.version()}`, ...found }));
} catch (problem) {
  console.error(`bench: ${problem.message}`);
  process.exitCode = 1;
} finally {
  await browser.close();
  server.close();
}
