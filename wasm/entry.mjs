// A package's front door. Bundlers read these URLs as they are spelled and bring the files along, the worker's script
// included; a bundler that does not read them (esbuild) wants the files of the package copied beside its output.
import { load as load_from } from './NAME.mjs';
export { ConstformerError, supports } from './NAME.mjs';

const make_worker = () =>
  new Worker(new URL('./NAME.mjs', import.meta.url), { type: 'module', name: 'constformer-NAME' });

export function load(url = new URL('./NAME.weights', import.meta.url), { worker = true, wasm, ...options } = {}) {
  return load_from(url, {
    ...options,
    worker: worker === true && typeof Worker === 'function' ? make_worker : worker,
    wasm: {
      simd128: new URL('./NAME.wasm', import.meta.url),
      relaxed: new URL('./NAME.relaxed.wasm', import.meta.url),
      threads: new URL('./NAME.threads.wasm', import.meta.url),
      ...wasm,
    },
  });
}
