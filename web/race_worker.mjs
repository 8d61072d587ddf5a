// The race itself, in a worker of its own, so that the page stays free: two engines on this one thread, in turns, on the
// same ids. Told { texts, lengths, rounds, peer }; tells { phase }, { progress }, { names }, { row } and { done }.
import { load } from './engine/minilm_l6.mjs';
import { cosine, embedding, median } from './statistics.mjs';

const least_ms = 8; // what one timed stretch should take, so that a browser's coarse clock does not matter
const say = (message) => postMessage(message);

// Each: { name, run(ids) } -> the embedding of one sentence, of length 1.
async function ours(relaxed, name) {
  const model = await load('./engine/minilm_l6.weights', { worker: false, tokens: 256, relaxed, threads: 1 });
  const { width, build } = await model.describe();
  return {
    name: name ?? build,
    model,
    async run(ids) {
      const { last_hidden_state } = await model.run({ input_ids: [ids] });
      return embedding(last_hidden_state.data, width);
    },
  };
}

// onnxruntime-web, from this page's own server.
async function theirs(peer) {
  const at = (file) => new URL(`./peer/${file}`, import.meta.url).href;
  const ort = await import(at(peer.entry));
  ort.env.wasm.numThreads = 1;
  ort.env.wasm.wasmPaths = at('');
  const bytes = await download(at(peer.model.name), peer.model.raw);
  say({ phase: `${peer.name} reads its model…` });
  const session = await ort.InferenceSession.create(bytes, {
    executionProviders: ['wasm'],
    graphOptimizationLevel: 'all',
  });
  return {
    name: peer.name,
    async run(ids) {
      const dims = [1, ids.length],
        tensor = (values) => new ort.Tensor('int64', BigInt64Array.from(values, BigInt), dims);
      const { embedding: found } = await session.run({
        input_ids: tensor(ids),
        attention_mask: tensor(ids.map(() => 1)),
        token_type_ids: tensor(ids.map(() => 0)),
      });
      return found.data;
    },
  };
}

async function download(url, expected) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: the server answered ${response.status}`);
  const bytes = new Uint8Array(expected),
    reader = response.body.getReader();
  let got = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    if (got + value.length > expected)
      throw new Error(`${url} is longer than the ${expected} bytes that were noted for it`);
    bytes.set(value, got);
    got += value.length;
    say({ progress: { loaded: got, total: expected } });
  }
  if (got < expected) throw new Error(`${url} ended after ${got} of ${expected} bytes`);
  return bytes;
}

// Ids of running text: as many as are wanted, the two marks included.
async function cut(model, texts, lengths) {
  const { ids } = await model.tokenize(texts, { truncate: true });
  const most = Math.max(...lengths);
  if (ids.length < most) throw new Error(`the passages give ${ids.length} tokens, ${most} are needed`);
  return lengths.map((n) => Int32Array.from([...ids.slice(0, n - 1), ids.at(-1)]));
}

async function time(engine, ids, repeats) {
  await engine.run(ids); // what the other one pushed out of the caches is back
  const begun = performance.now();
  for (let i = 0; i < repeats; ++i) await engine.run(ids);
  return (performance.now() - begun) / repeats;
}

async function race({ texts, lengths, rounds, peer }) {
  say({ phase: 'Constformer gets ready…' });
  const first = await ours(undefined, peer ? 'Constformer' : undefined);
  const second = peer ? await theirs(peer) : await ours(false);
  const engines = [first, second];
  say({ names: engines.map(({ name }) => name) });

  const all = await cut(first.model, texts, lengths);
  const rows = all.map((ids) => ({ tokens: ids.length, times: [[], []], cosine: 1, repeats: 1 }));
  for (const [n, ids] of all.entries()) {
    // the answers, and the browser's compilers see every length
    say({ phase: `Warming up: ${ids.length} tokens` });
    const answers = [];
    for (const engine of engines) answers.push(Float32Array.from(await engine.run(ids)));
    rows[n].cosine = cosine(...answers);
    const once = [];
    for (const engine of engines) once.push(await time(engine, ids, 1));
    rows[n].repeats = Math.max(1, Math.ceil(least_ms / Math.max(0.1, Math.max(...once))));
  }
  for (let round = 0; round < rounds; ++round)
    for (const [n, ids] of all.entries()) {
      const row = rows[n],
        order = round % 2 ? [1, 0] : [0, 1];
      for (const which of order) row.times[which].push(await time(engines[which], ids, row.repeats));
      say({
        row: { n, tokens: row.tokens, medians: row.times.map(median), cosine: row.cosine },
        phase: `Round ${round + 1} of ${rounds}`,
      });
    }
  say({ done: true });
}

globalThis.onmessage = ({ data }) => race(data).catch((problem) => say({ failed: problem.message ?? String(problem) }));
