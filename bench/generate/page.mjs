// Runs in the page: our language model and wllama, in turns, on the same beginnings of a text.
const median = (times) => {
  const all = times.toSorted((a, b) => a - b);
  return (all[(all.length - 1) >> 1] + all[all.length >> 1]) / 2;
};
const written = 32; // tokens behind each prompt

// -> (prompt) => {read, wrote}: tokens a second
async function ours(name, threads) {
  const { load } = await import(`/engine/${name}.mjs`);
  const model = await load(undefined, { cache: false, tokens: 1280, threads });
  const run = async (prompt) => {
    await model.reset();
    const done = await model.generate(prompt, { max_tokens: written });
    return { tokens: done.prompt, read: (1000 * done.prompt) / done.prompt_ms, wrote: (1000 * done.tokens) / done.ms };
  };
  return { run, length: async (text) => (await model.tokenize(text)).ids.length };
}
async function theirs(file, threads) {
  const { Wllama } = await import('/wllama/index.js');
  const quiet = { debug() {}, log() {}, warn() {}, error: console.error };
  const engine = new Wllama({ default: '/wllama/wasm/wllama.wasm' }, { suppressNativeLog: true, logger: quiet });
  const weights = await (await fetch(`/model/${file}`)).blob();
  await engine.loadModel([weights], { n_ctx: 1280, n_threads: threads, n_gpu_layers: 0 });
  return async (prompt) => {
    const asked = { prompt, max_tokens: written, temperature: 0, cache_prompt: false };
    const { timings } = await engine.createCompletion(asked);
    return { tokens: timings.prompt_n, read: timings.prompt_per_second, wrote: timings.predicted_per_second };
  };
}

export async function race({ engine, gguf, lengths, rounds, threads }) {
  const text = await (await fetch('/text/passages.tsv')).text();
  const own = await ours(engine, threads),
    engines = { ours: own.run, wllama: await theirs(gguf, threads) },
    rows = [];
  for (const length of lengths) {
    let end = 2 * length; // characters: as many as have `length` tokens
    while ((await own.length(text.slice(0, end))) < length) ++end;
    const prompt = text.slice(0, end),
      rates = {};
    for (const name of Object.keys(engines)) rates[name] = [];
    for (let round = -1; round < rounds; ++round) // one for the browser's compilers
      for (const [name, run] of Object.entries(engines)) {
        await new Promise((later) => setTimeout(later, 50)); // the last engine's threads stop spinning
        const found = await run(prompt);
        if (Math.abs(found.tokens - length) > 2)
          throw new Error(`${name}: a prompt of ${found.tokens} tokens, not ${length}`);
        if (round >= 0) rates[name].push(found);
      }
    for (const [step, key] of [
      ['prefill', 'read'],
      ['decode', 'wrote'],
    ]) {
      const row = { step, tokens: length };
      for (const [name, all] of Object.entries(rates)) row[name] = median(all.map((one) => one[key]));
      rows.push(row);
    }
  }
  return { rows };
}
