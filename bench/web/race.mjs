// Runs in the page: every engine on this thread, in turns, on the same ids.
let ort; // loaded where it is wanted

const width = 384;
const median = (times) => {
  const all = times.toSorted((a, b) => a - b);
  return (all[(all.length - 1) >> 1] + all[all.length >> 1]) / 2;
};
const ids_of = (tokens) =>
  Int32Array.from({ length: tokens }, (_, i) => (i === 0 ? 101 : i === tokens - 1 ? 102 : 1000 + ((7919 * i) % 20000)));

// -> what runs one sentence and gives its embedding. Every engine of ours has a memory of its own.
async function ours(name, options) {
  const { load } = await import(`/engine/${name}.mjs`);
  const model = await load(undefined, { worker: false, cache: false, tokens: 256, ...options });
  return async (ids) => embedding((await model.run({ input_ids: [ids] })).last_hidden_state.data, ids.length);
}
async function theirs(url, threads) {
  ort ??= await import('/ort/ort.wasm.min.mjs');
  ort.env.wasm.numThreads = threads;
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

// Ours first. `graphs`: onnxruntime-web's files. -> rows of medians and best times, and of cosines to the first graph of
// `exact`, which is f32
export async function race({ engine, graphs, exact, lengths, rounds, threads }) {
  const engines = threads > 1 ? { threads: await ours(engine, { threads }) } : {};
  Object.assign(engines, {
    relaxed: await ours(engine, { relaxed: true, threads: 1 }),
    simd128: await ours(engine, { relaxed: false, threads: 1 }),
  });
  const own = Object.keys(engines);
  for (const graph of graphs) engines[graph] = await theirs(`/graphs/${graph}.onnx`, threads);
  const truth = engines[exact] ?? (await theirs(`/graphs/${exact}.onnx`, threads));
  const rows = [];
  for (const tokens of lengths) {
    const ids = ids_of(tokens),
      times = {};
    for (const [name, run] of Object.entries(engines)) {
      times[name] = [];
      for (let i = 0; i < 4; ++i) await run(ids); // the browser's compilers have seen it
    }
    for (let round = 0; round < rounds; ++round)
      for (const [name, run] of Object.entries(engines)) {
        if (threads > 1) await new Promise((later) => setTimeout(later, 10)); // the last engine's threads stop spinning
        await run(ids);
        const begun = performance.now();
        await run(ids);
        times[name].push(performance.now() - begun);
      }
    const wanted = await truth(ids),
      row = { tokens, engines: {} };
    for (const [name, all] of Object.entries(times)) {
      const cosine = (await engines[name](ids)).reduce((sum, value, i) => sum + value * wanted[i], 0);
      row.engines[name] = { median: median(all), min: Math.min(...all), cosine };
    }
    row.ratio = Math.min(...graphs.map((name) => row.engines[name].median)) / row.engines[own[0]].median;
    rows.push(row);
  }
  return { own, graphs, rows };
}

// From nothing to the first embedding, on a page that was just opened: milliseconds since its navigation began. With
// `until` only until this runs, until the engine is there and waits for weights, or until the bytes of the weights have come, in a page
// that does nothing with them.
export async function start({ engine, graph, until }) {
  const ids = ids_of(16);
  if (until === 'page') return performance.now();
  if (until === 'bytes') {
    for (const reader = (await fetch(`/engine/${engine}.weights`)).body.getReader(); !(await reader.read()).done; );
    return performance.now();
  }
  if (until === 'engine') {
    const { load } = await import(`/engine/${engine}.mjs`);
    return new Promise((ready) => {
      const progress = ({ phase, loaded }) => phase === 'engine' && loaded > 0 && ready(performance.now());
      load(undefined, { worker: false, cache: false, tokens: 256, threads: 1, onProgress: progress });
    });
  }
  const run = engine ? await ours(engine, { threads: 1, worker: false }) : await theirs(`/graphs/${graph}.onnx`, 1);
  await run(ids);
  return performance.now();
}
