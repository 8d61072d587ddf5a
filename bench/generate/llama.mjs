// llama.cpp, by node-llama-cpp, for generate.py: reads a JSON object a line and answers with one.
//
//   node llama.mjs PACKAGES MODEL.gguf THREADS FLASH     PACKAGES: the folder with node_modules; FLASH: 0 or 1
//   {"step": "prefill" | "decode", "length": N, "times": N}   -> {"us": [...]} of a prompt, of a token behind a prompt
//   {"step": "score", "ids": [...]}                           -> {"sum": ...}: -ln p of all but the first, together
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

const [packages, path, threads, flash] = process.argv.slice(2);
const entry = createRequire(join(packages, 'x.js')).resolve('node-llama-cpp');
const { getLlama } = await import(pathToFileURL(entry).href);
const llama = await getLlama({
  gpu: false,
  build: 'never',
  maxThreads: Number(threads),
  logLevel: 'error',
});
const model = await llama.loadModel({ modelPath: path });
const context = await model.createContext({
  contextSize: 1280,
  batchSize: 512,
  threads: Number(threads),
  flashAttention: flash === '1',
});
const sequence = context.getSequence();
const draw = (count) => Array.from({ length: count }, (_, i) => 100 + ((i * 7919) % 40000));
const whole = { temperature: 1, topK: 0, topP: 1, minP: 0 }; // nothing is left out of the softmax
const since = (begin) => (performance.now() - begin) * 1000;

const steps = {
  async prefill({ length, times }) {
    const us = [];
    for (let i = 0; i < times; ++i) {
      await sequence.clearHistory();
      const begin = performance.now();
      await sequence.evaluateWithoutGeneratingNewTokens(draw(length));
      us.push(since(begin));
    }
    return { us };
  },
  // `times` tokens, the middle one of which sees `length` others. The engine's own loop with its greedy sampler, which
  // is how node-llama-cpp gives tokens one by one; ours is the forward alone.
  async decode({ length, times }) {
    await sequence.clearHistory();
    const before = Math.max(length - times / 2, 1),
      us = [];
    await sequence.evaluateWithoutGeneratingNewTokens(draw(before));
    let begin;
    for await (const _ of sequence.evaluate([5], { temperature: 0, yieldEogToken: true })) {
      if (begin !== undefined) us.push(since(begin)); // (the first comes behind the call's own start)
      if (us.length === times) break;
      begin = performance.now();
    }
    return { us };
  },
  async score({ ids }) {
    await sequence.clearHistory();
    let sum = 0;
    for (let i = 0; i + 1 < ids.length; i += 64) {
      const found = await sequence.controlledEvaluate(
        ids.slice(i, Math.min(i + 64, ids.length - 1)).map((id, j) => {
          const logits = { filter: { tokens: [ids[i + j + 1]], includeTop: 1 } };
          return [id, { generateNext: { logits, totalLogitWeight: true, options: whole } }];
        }),
      );
      found.forEach(({ next }, j) => {
        sum += Math.max(...next.logits.values()) + Math.log(next.totalLogitWeight);
        sum -= next.logits.get(ids[i + j + 1]);
      });
    }
    return { sum };
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const job = JSON.parse(line);
  process.stdout.write(`${JSON.stringify(await steps[job.step](job))}\n`);
}
process.exit(0);
