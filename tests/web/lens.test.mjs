// What the page reads out of an attention, by hand on two heads of one layer and three tokens.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Lens } from '../../web/lens.mjs';
import { cosine, embedding, geometric_mean, median } from '../../web/statistics.mjs';

const near = (found, expected) =>
  found.forEach((value, i) => assert.ok(Math.abs(value - expected[i]) < 1e-12, `${[...found]} is not ${expected}`));

test('what a word is made of, layer by layer', () => {
  const still = [1, 0, 0, 0, 1, 0, 0, 0, 1], // every token looks at itself
    ahead = [0, 1, 0, 0, 0, 1, 1, 0, 0]; // at the next one; the last one at the first
  const probabilities = Float32Array.from([...ahead, ...still, ...ahead, ...ahead]);
  const lens = new Lens({ tokens: ['a', 'b', 'c'], layers: 2, heads: 2, probabilities });
  assert.equal(lens.share(0, 0, 2, 0), 1);
  assert.equal(lens.mean(0, 2, 0), 0.5);
  const [input, first, second] = lens.flow(1);
  near(input, [0, 1, 0]);
  near(first, [0, 0.75, 0.25]); // half is kept; of the other half one head takes b, one c
  near(second, [0.125, 0.375, 0.5]); // half of the row above, half of what c was: a quarter a, three quarters c
});

test('the head that looks farthest, of a word or of all', () => {
  const n = 5,
    head = (from, to) =>
      Array.from({ length: n * n }, (_, at) => (Math.floor(at / n) === from ? Number(at % n === to) : 1 / n));
  const lens = new Lens({
    tokens: ['[CLS]', 'a', 'b', 'c', '[SEP]'],
    layers: 1,
    heads: 3,
    probabilities: Float32Array.from([...head(1, 0), ...head(1, 3), ...head(3, 1)]),
  });
  assert.deepEqual(lens.liveliest(1), [0, 1]);
  assert.deepEqual(lens.liveliest(3), [0, 2]);
  assert.deepEqual(lens.places(false, 2), [1, 2]);
  assert.deepEqual(lens.places(true, 9), [0, 1, 2, 3, 4]);
});

test('medians, means of ratios, and how alike two answers are', () => {
  assert.equal(median([9, 1, 5]), 5);
  assert.equal(median([4, 1, 3, 2]), 2.5);
  assert.ok(Math.abs(geometric_mean([0.5, 2, 8]) - 2) < 1e-12);
  near(embedding(Float32Array.from([1, 0, 5, 8]), 2), [0.6000000238418579, 0.800000011920929]);
  assert.ok(Math.abs(cosine([3, 4], [6, 8]) - 1) < 1e-12);
  assert.equal(cosine([1, 0], [0, 2]), 0);
});
