/**
 * One transformer, compiled to WebAssembly.
 *
 *     const model = await load('./minilm_l6.weights', { onProgress: (p) => (bar.value = p.loaded / p.total) });
 *     const [a, b] = await model.embed(['a sentence', 'another one']);
 *
 * Every failure is a ConstformerError whose message is one sentence. After a failed load() call it again: nothing of the
 * failed attempt stays behind.
 */

export type ErrorCode =
  | 'unsupported' // the browser has no WebAssembly SIMD, or a bundler has merged the worker's script with others
  | 'network' // a file cannot be reached, or the server refused it
  | 'incomplete' // a download broke off; try again
  | 'weights' // the file is not this model's, or is damaged
  | 'memory' // the browser gave too little memory
  | 'input' // an argument is wrong; the sentence says which
  | 'aborted' // by the caller's signal
  | 'disposed'
  | 'internal';

export declare class ConstformerError extends Error {
  constructor(code: ErrorCode, message: string, options?: { cause?: unknown });
  readonly code: ErrorCode;
}

/**
 * What this browser's WebAssembly can do here. The engine needs simd128 and is faster with relaxed SIMD. `threads`: workers
 * can share a memory, since the page's server isolates it from other origins (crossOriginIsolated).
 */
export declare function supports(): { simd128: boolean; relaxed: boolean; threads: boolean };

export interface Progress {
  phase: 'engine' | 'weights' | 'ready' | 'embed';
  /** Bytes (engine: of the module once it runs; weights) or texts (embed). */
  loaded: number;
  /** 0 while it is not known. */
  total: number;
  source?: 'network' | 'cache';
}

/** A page's Worker. */
export interface WorkerLike {
  postMessage(message: unknown): void;
  terminate(): void;
}

export interface LoadOptions {
  /** The engine's builds; by default NAME.wasm, NAME.relaxed.wasm and NAME.threads.wasm beside NAME.weights. */
  wasm?: { simd128?: string | URL; relaxed?: string | URL; threads?: string | URL };
  /**
   * Run in a worker of its own (default), or on the calling thread; or what makes the worker of this module's file. Where
   * there are no workers, or none may start, it is the calling thread.
   */
  worker?: boolean | (() => WorkerLike);
  /** Choose the build: relaxed SIMD or not. By default the best one that the browser has. */
  relaxed?: boolean;
  /**
   * Threads that share a forward. By default as many as the machine has, up to 4, where supports().threads says that there can
   * be several, else 1. More than one where there cannot be: `unsupported`. The answers do not depend on it.
   */
  threads?: number;
  /**
   * Keep the weights in the Cache API, by the URL and the layout's hash (default), and the engine for when there is no
   * network. Both are checked before use. Give changed weights another URL.
   */
  cache?: boolean;
  /**
   * Most tokens of one text, [CLS] and [SEP] included; decides the memory. By default the model's positions; of a language
   * model, whose prompt and answer count together, at most 2048; of an encoder-decoder, of the text that is read.
   */
  tokens?: number;
  onProgress?: (progress: Progress) => void;
  signal?: AbortSignal;
}

/** `url` is that of the weights file, relative to the page. By default the one beside this module, of the same name. */
export declare function load(url?: string | URL, options?: LoadOptions): Promise<Model>;

export interface TextOptions {
  /** Cut what is longer than the model takes; otherwise that is an error. */
  truncate?: boolean;
}
export interface PairOptions extends TextOptions {
  /** A second text, as in entailment: [CLS] text [SEP] pair [SEP]. What is too long is cut from the longer one first. */
  pair?: string;
}
export interface ManyOptions extends TextOptions {
  onProgress?: (progress: Progress) => void;
  signal?: AbortSignal;
}

export interface Tokens {
  ids: Int32Array;
  /** 0 for a token of the first text, 1 for one of the pair, 2 for XLNet's <cls>: the model's token_type_ids. */
  segments: Int32Array;
  tokens: string[];
  /** [begin, end) of each token in its text, in UTF-16 units as String.slice takes them; [0, 0] for added tokens. */
  offsets: [number, number][];
}

export interface Hit {
  /** Which passage, in the order in which they were added. */
  index: number;
  /** The cosine of the angle between query and passage. */
  score: number;
}
export interface Stage {
  /** tokens, embeddings, attention, feed forward, pooling, search */
  name: string;
  ms: number;
}
export interface SearchResult {
  hits: Hit[];
  /** Tokens of the query, [CLS] and [SEP] included. */
  tokens: number;
  /** Where the time went, on the engine's own thread. */
  stages: Stage[];
}

/** Vectors of passages, kept beside the engine. Search is exact: every vector is compared. */
export interface Index {
  readonly size: number;
  /** Embeds more passages; truncates by default. Searching meanwhile sees those that are done. -> size */
  add(passages: Iterable<string>, options?: ManyOptions): Promise<number>;
  /** The k <= describe().most_hits nearest passages, best first. A query may also be a vector of embed(). */
  search(query: string | Float32Array, k?: number): Promise<SearchResult>;
  /** (size, width), row by row; give it to index() later to save the work. */
  vectors(): Promise<Float32Array>;
  drop(): Promise<void>;
}

export interface Attention {
  tokens: string[];
  offsets: [number, number][];
  layers: number;
  heads: number;
  /** (layers, heads, tokens, tokens): how much of its attention each token (row) gives to each token (column). */
  probabilities: Float32Array;
}

export interface Label {
  /** As the checkpoint names it; '' where it has no name. */
  label: string;
  /** Its place in the model's logits. */
  index: number;
  /** Softmax or sigmoid of the logit, or the logit itself of a regression, as the checkpoint says. */
  score: number;
}

export interface Filling {
  token: number;
  /** The token's text, without the marks of words. */
  text: string;
  /** Its probability. */
  score: number;
}

export interface Tensor {
  dims: number[];
  data: Float32Array;
}
/** One row a sentence, all of one length; or flat, with dims [batch, tokens]. */
export type Ids = ArrayLike<number | bigint>[] | { dims: number[]; data: ArrayLike<number | bigint> };
/** Named as the model's forward() in Transformers names them. */
export interface Inputs {
  input_ids: Ids;
  token_type_ids?: Ids;
  attention_mask?: Ids;
}

export interface Description {
  name: string;
  /** The C++ type. */
  type: string;
  task: 'encode' | 'fill-mask' | 'classify' | 'tag' | 'answer' | 'generate' | 'rewrite';
  parameters: number;
  /** sizeof the C++ struct: the weights without the file's header and vocabulary. */
  weights_struct_bytes: number;
  layers: number;
  width: number;
  heads: number;
  feed_forward: number;
  vocabulary: number;
  positions: number;
  /** `longest` where load() was asked for no number. */
  usual: number;
  segments: number;
  /** Most tokens of one text, as loaded. */
  longest: number;
  /** Bytes of scratch memory that a forward over so many tokens needs. */
  scratch: Record<string, number>;
  outputs: { name: string; dims: (number | string)[] }[];
  /** Of a classifier of texts: how many labels, and what classify() makes of logits. */
  labels?: number;
  scores?: 'softmax' | 'sigmoid' | 'none';
  /** Names the layout of the weights. */
  manifest: string;
  isa: string;
  build: 'simd128' | 'relaxed SIMD' | 'relaxed SIMD and threads';
  /** Threads that share a forward. */
  threads: number;
  most_hits: number;
  /** Bytes of the .wasm file, of the weights file, and of all WebAssembly memory now. */
  module_bytes: number;
  weights_bytes: number;
  memory_bytes: number;
  /** Where the two came from on this load. */
  module_from: 'network' | 'cache';
  weights_from: 'network' | 'cache';
  /** Where the engine runs. */
  thread: 'worker' | 'caller';
  /** Whether the weights are kept for the next visit; undefined while that is under way or was not asked for. */
  cached?: boolean;
}

export interface Model {
  describe(): Promise<Description>;
  tokenize(text: string, options?: PairOptions): Promise<Tokens>;
  /** Every label of a text, or of a pair, the highest score first. Classifiers of texts only. */
  classify(text: string, options?: PairOptions): Promise<Label[]>;
  /** What may stand for each [MASK], or <mask>, of a text: `top` tokens a mask (5), the most probable first. Masked language
   * models only; XLNet's query stream, too. */
  fill(text: string, options?: TextOptions & { top?: number }): Promise<Filling[][]>;
  /** One vector of length 1 a text: the mean of the last hidden state, normalized. Encoders only. */
  embed(texts: string | Iterable<string>, options?: ManyOptions): Promise<Float32Array[]>;
  /** Keeps passages for search; `vectors` are those of an earlier index. */
  index(passages?: Iterable<string>, options?: ManyOptions & { vectors?: Float32Array }): Promise<Index>;
  /** The nearest passages; of a list they are embedded first. */
  search(query: string | Float32Array, passages: Index | Iterable<string>, k?: number): Promise<SearchResult>;
  /** The attention of every layer and head over one text. */
  attention(text: string, options?: TextOptions): Promise<Attention>;
  /** The model's forward: last_hidden_state and pooler_output, or logits, or start_logits and end_logits. */
  run(inputs: Inputs): Promise<Record<string, Tensor>>;
  /** Ends the worker and frees all memory. Calls that wait fail with the code 'disposed'. */
  dispose(): void;
}
