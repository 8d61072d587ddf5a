// Stands for onnxruntime-web where the page's race is tested: the few calls that the page makes, answered by the engine
// itself. A model whose first byte is 1 gives wrong answers.
import { load } from '../engine/minilm_l6.mjs';
import { embedding } from '../statistics.mjs';

export const env = { wasm: {} };
export class Tensor {
  constructor(type, data, dims) {
    Object.assign(this, { type, data, dims });
  }
}
export class InferenceSession {
  static async create(bytes, { executionProviders }) {
    if (env.wasm.numThreads !== 1 || executionProviders[0] !== 'wasm')
      throw new Error('one thread of WebAssembly is raced');
    const session = new InferenceSession();
    session.wrong = bytes[0] === 1;
    session.model = await load(new URL('../engine/minilm_l6.weights', import.meta.url), {
      worker: false,
      relaxed: false,
    });
    return session;
  }
  async run({ input_ids, attention_mask, token_type_ids }) {
    for (const { type, dims } of [input_ids, attention_mask, token_type_ids])
      if (type !== 'int64' || dims[1] !== input_ids.data.length)
        throw new Error('a tensor is not what the model takes');
    const { last_hidden_state } = await this.model.run({ input_ids });
    const data = embedding(last_hidden_state.data, 384);
    return { embedding: { data: this.wrong ? data.toReversed() : data } };
  }
}
