// A server of one folder that can be told to misbehave, as networks do.
import { createReadStream, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';

const types = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.css': 'text/css',
  '.wasm': 'application/wasm',
  '.svg': 'image/svg+xml',
};

// faults: path -> { cut: n } (the connection breaks after n bytes), { end: n } (a shorter file), { status }, { slow: n }
// (n bytes, then nothing), { file } (another file), { gone } (no answer at all), { hold } (a promise to wait for), { times }
// (only so often).
export async function serve(folder, { headers = {} } = {}) {
  const faults = new Map(),
    asked = [];
  const server = createServer(async (request, response) => {
    const path = decodeURIComponent(new URL(request.url, 'http://x').pathname);
    asked.push(path);
    let fault = faults.get(path);
    if (fault?.times !== undefined && fault.times-- <= 0) fault = undefined;
    if (fault?.gone) return request.socket.destroy();
    await fault?.hold;
    const file = fault?.file ?? join(folder, normalize(path.endsWith('/') ? `${path}index.html` : path));
    let size;
    try {
      size = statSync(file).size;
    } catch {
      response.writeHead(404).end();
      return;
    }
    if (fault?.status) {
      response.writeHead(fault.status).end();
      return;
    }
    const sent = fault?.end ?? size,
      part = fault?.cut ?? fault?.slow ?? sent;
    response.writeHead(200, {
      'content-type': types[extname(file)] ?? 'application/octet-stream',
      'content-length': sent,
      'cache-control': 'no-store',
      ...headers,
    });
    const stream = createReadStream(file, { end: part - 1 });
    stream.pipe(response, { end: part === sent });
    if (fault?.cut) stream.on('end', () => setTimeout(() => response.destroy(), 50));
  });
  await new Promise((ready) => {
    server.listen(0, '127.0.0.1', ready);
  });
  const { port } = server.address();
  return {
    url: `http://127.0.0.1:${port}/`,
    faults,
    asked,
    close: () =>
      new Promise((closed) => {
        server.closeAllConnections();
        server.close(closed);
      }),
  };
}
