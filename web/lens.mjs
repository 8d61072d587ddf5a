// What can be read out of the attention of one text: shares, the liveliest head, what a word is made of. Pure functions
// of what model.attention() answers.
export class Lens {
  constructor({ tokens, layers, heads, probabilities }) {
    Object.assign(this, { tokens, layers, heads, probabilities, count: tokens.length });
  }
  // How much of its attention token `from` gives to token `to`.
  share(layer, head, from, to) {
    const n = this.count;
    return this.probabilities[((layer * this.heads + head) * n + from) * n + to];
  }
  mean(layer, from, to) {
    let sum = 0;
    for (let head = 0; head < this.heads; ++head) sum += this.share(layer, head, from, to);
    return sum / this.heads;
  }
  // The tokens that a picture shows, at most so many: [CLS] and [SEP] only where they are wanted.
  places(specials, most) {
    const all = this.tokens.map((_, i) => i);
    return all.filter((i) => specials || (i > 0 && i < all.length - 1)).slice(0, most);
  }

  // The head in which a word, or all of them, look most at words that do not stand beside them: a good first picture.
  liveliest(word = -1) {
    let best = [0, 0], // layer, head
      most = -1;
    for (let layer = 0; layer < this.layers; ++layer)
      for (let head = 0; head < this.heads; ++head) {
        let sum = 0;
        for (let i = 1; i < this.count - 1; ++i) {
          if (word > 0 && i !== word) continue;
          let far = 0;
          for (let j = 1; j < this.count - 1; ++j)
            if (Math.abs(i - j) > 1) far = Math.max(far, this.share(layer, head, i, j));
          sum += far;
        }
        if (sum > most) ((most = sum), (best = [layer, head]));
      }
    return best;
  }

  // Attention rollout (Abnar and Zuidema 2020): what share of `word`, after each layer, came from each input token. The
  // heads count alike, and half of a layer's output is its input, which the residual keeps. -> (layers + 1) rows
  flow(word) {
    this.rolled ??= this.#roll();
    return this.rolled.map((made) => made[word]);
  }
  #roll() {
    const n = this.count;
    let made = this.tokens.map((_, i) => Float64Array.from(this.tokens, (__, j) => (i === j ? 1 : 0)));
    const all = [made];
    for (let layer = 0; layer < this.layers; ++layer) {
      made = made.map((before, i) => {
        const row = before.map((share) => share / 2);
        for (let k = 0; k < n; ++k) {
          const weight = this.mean(layer, i, k) / 2;
          for (let j = 0; j < n; ++j) row[j] += weight * all[layer][k][j];
        }
        return row;
      });
      all.push(made);
    }
    return all;
  }
}

export const strength = (p) => Math.sqrt(p); // so that 1 % can be seen beside 100 %
export const quoted = (token) => (token.startsWith('[') ? token : `“${token}”`);
export const clipped = (word) => (word.length > 13 ? `${word.slice(0, 12)}…` : word);
