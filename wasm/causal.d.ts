
// --- language models: tools/compiler/package.py puts this behind constformer.d.ts --------------------------------------

export interface WritingOptions {
  /** The most new tokens; by default 256 of a text, 512 of an answer. */
  max_tokens?: number;
  /** Draws the next token, the more freely the higher; 0 (default) takes the best. */
  temperature?: number;
  /** Draws among so many of the best; 0 (default): all. */
  top_k?: number;
  /** Draws among the best that together are so probable; by default 1. */
  top_p?: number;
  /** Draws among those that are at least so probable, as a share of the best one's probability; by default 0. */
  min_p?: number;
  /** Lowers what was there already, where above 1. */
  repetition_penalty?: number;
  /** The beginning of the random numbers: one seed gives one text. By default 0. */
  seed?: number;
  /** Ends where one of these texts begins, and shows none of it. */
  stop?: string | string[];
  /** What does not fit is left out: the beginning of a prompt, the oldest messages of a chat. Otherwise that is an error. */
  truncate?: boolean;
  /** Stops the text: it fails with the code 'aborted'. */
  signal?: AbortSignal;
  /** Text as it comes, in whole characters; `tokens` so far. */
  onToken?: (text: string, tokens: number) => void;
  /** Tokens of the prompt that have been read. */
  onProgress?: (progress: { phase: 'prompt'; loaded: number; total: number }) => void;
}
export interface GenerateOptions extends WritingOptions {
  /** The prompt gets the tokens that the model wants around a text (default). */
  special?: boolean;
}

export interface Message {
  /** 'system' comes first only. */
  role: 'system' | 'user' | 'assistant';
  content: string;
}

export interface Written {
  text: string;
  /** The model ended it; a stop text came; it has max_tokens; the context is full. */
  stop: 'end' | 'stop' | 'length' | 'full';
  /** Tokens of the prompt, `reused` of which were in the cache already. */
  prompt: number;
  reused: number;
  /** New tokens, the one that ended it included. */
  tokens: number;
  /** Milliseconds until the prompt was read, and from there to the end. */
  prompt_ms: number;
  ms: number;
}

/**
 * A text on its way: `for await` gives its parts as they come, `await` the whole. Leaving the loop stops it. Texts of one model
 * are written one after another.
 */
export interface Writing extends Promise<Written>, AsyncIterable<string> {}

export interface Model {
  /** How a text goes on. */
  generate(prompt: string, options?: GenerateOptions): Writing;
  /**
   * The answer to messages, the last of which is the user's; a string is one message. What the cache holds of earlier turns is
   * not read again.
   */
  chat(messages: string | Iterable<Message>, options?: WritingOptions): Writing;
  /** Forgets all texts. */
  reset(): Promise<void>;
}

export interface Description {
  /** Whether the model has a chat template, which chat() needs. Language models only. */
  chats?: boolean;
}
