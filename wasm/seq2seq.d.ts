
// --- encoder-decoders: tools/compiler/package.py puts this behind constformer.d.ts -------------------------------------

export interface TranslateOptions {
  /** Texts that are kept side by side; 1: always the best token. By default what the checkpoint says. At most load()'s beams. */
  beams?: number;
  /** How many texts, at most as many as beams; by default 1. */
  best?: number;
  /** The most new tokens; by default what the checkpoint says. Room for more comes with load()'s tokens. */
  max_tokens?: number;
  /** Of beams: a text's score is the logarithm of its probability / tokens^length_penalty. */
  length_penalty?: number;
  /** Of beams: it is over when as many texts as beams have ended. */
  early_stopping?: boolean;
  /** Stands before each text; by default what the checkpoint puts there. */
  prefix?: string;
  /** Reads only the beginning of a text that does not fit. Otherwise that is an error. */
  truncate?: boolean;
  /** Stops the texts: they fail with the code 'aborted'. */
  signal?: AbortSignal;
  /** Text as it comes, in whole characters, `tokens` so far; of beams, the best text at its end. `index`: which of a list. */
  onToken?: (text: string, tokens: number, index?: number) => void;
  /** Texts of a list that are written. */
  onProgress?: (progress: { phase: 'texts'; loaded: number; total: number }) => void;
}

export interface Candidate {
  text: string;
  /** Its tokens, the one that ended it included. */
  ids: Int32Array;
  /** Of beams; 0 of a greedy text. */
  score: number;
}
/** The best text, and all that were asked for. */
export interface Translated extends Candidate {
  /** The model ended it; or it has max_tokens. */
  stop: 'end' | 'length';
  /** As many as `best` says, best first. */
  best: Candidate[];
  /** Tokens of the text that was read. */
  source: number;
  /** Milliseconds until it was read, and from there to the end. */
  source_ms: number;
  ms: number;
}

/**
 * A text on its way: `for await` gives its parts as they come, `await` the whole. Leaving the loop stops it. Texts of one model
 * are written one after another.
 */
export interface Translating extends Promise<Translated>, AsyncIterable<string> {}

export interface LoadOptions {
  /** Of an encoder-decoder: the most beams that there is room for; by default what the checkpoint says, and at least 4. */
  beams?: number;
}

export interface Model {
  /** What the model writes of a text, or of each of a list. */
  translate(text: string, options?: TranslateOptions): Translating;
  translate(texts: Iterable<string>, options?: TranslateOptions): Promise<Translated[]>;
  /** The same, with what the checkpoint puts before a text that is to be summarized. */
  summarize(text: string, options?: TranslateOptions): Translating;
  summarize(texts: Iterable<string>, options?: TranslateOptions): Promise<Translated[]>;
}

export interface Description {
  /** Of an encoder-decoder: its decoder's layers, the most new tokens, beams, and what stands before a text. */
  decoder_layers?: number;
  most_new?: number;
  beams?: number;
  prefixes?: { translate: string; summarize: string };
}
