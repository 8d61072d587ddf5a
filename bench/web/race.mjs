// Runs in the page: every engine on this thread, in turns, on the same ids.
import * as ort from '/ort/ort.wasm.min.mjs';
import { load } from '/engine/minilm_l6.mjs';

const width = 384;
const median = (times) => {
  const all = times.toSorted((a, b) => a - b);
  return (all[(all.length - 1) >> 1] + all[all.length >> 1]) / 2;
};
const ids_of = (tokens) =>
  Int32Array.from({ length: tokens }, (_, i) => (i === 0 ? 101 : i === tokens - 1 ? 102 : 1000 + ((7919 * i) % 20000)));

// -> what runs one sentence and gives its embedding
async function ours(relaxed) {
  const model = await load('/engine/minilm_l6.weights', { worker: false, cache: false, relaxed });
  return async (ids) => {
    const {
      last_hidden_state: { data },
    } = await model.run({ input_ids: [ids] });
    return data;
  };
}
async function theirs(url) {
  ort.env.wasm.numThreads = 1;
  ort.env.wasm.wasmPaths = '/ort/';
  const session = await ort.InferenceSession.create(url, {
    executionProviders: ['wasm'],
    graphOptimizationLevel: 'all',
  });
  return async (ids) => {
    const dims = [1, ids.length],
      whole = (values) => new ort.Tensor('int64', BigInt64Array.from(values, BigInt), dims);
    const { embedding } = await session.run({
      input_ids: whole(ids),
      attention_mask: whole(ids.map(() => 1)),
      token_type_ids: whole(ids.map(() => 0)),
    });
    return embedding.data;
  };
}
function embedding(data, tokens) {
  // of a last hidden state
  const mean = new Float32Array(width);
  for (let token = 0; token < tokens; ++token) for (let i = 0; i < width; ++i) mean[i] += data[width * token + i];
  const length = Math.hypot(...mean);
  return mean.map((value) => value / length);
}

export async function race(lengths, rounds) {
  const engines = {
    relaxed: await ours(true),
    simd128: await ours(false),
    plain: await theirs('/plain.onnx'),
    fused: await theirs('/fused.onnx'),
  };
  const rows = [];
  let cosine = 1;
  for (const tokens of lengths) {
    const ids = ids_of(tokens),
      times = {};
    for (const [name, run] of Object.entries(engines)) {
      times[name] = [];
      for (let i = 0; i < 4; ++i) await run(ids); // the browser's compilers have seen it
    }
    for (let round = 0; round < rounds; ++round)
      for (const [name, run] of Object.entries(engines)) {
        await run(ids);
        const begun = performance.now();
        await run(ids);
        times[name].push(performance.now() - begun);
      }
    const expected = await engines.plain(ids);
    for (const name of ['relaxed', 'simd128'])
      cosine = Math.min(
        cosine,
        embedding(await engines[name](ids), tokens).reduce((sum, value, i) => sum + value * expected[i], 0),
      );
    const row = { tokens };
    for (const [name, all] of Object.entries(times)) row[name] = { median: median(all), min: Math.min(...all) };
    row.ratio = Math.min(row.plain.median, row.fused.median) / row.relaxed.median;
    rows.push(row);
  }
  if (!(cosine > 0.99999)) throw new Error(`the engines disagree: cosine ${cosine}`);
  return { rows, cosine };
}
