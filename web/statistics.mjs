// What a race needs: medians, means of ratios, and how alike two answers are.
export function median(values) {
  const all = values.toSorted((a, b) => a - b);
  return (all[(all.length - 1) >> 1] + all[all.length >> 1]) / 2;
}
export const geometric_mean = (values) =>
  Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);

// The mean of a last hidden state's rows, of length 1: (tokens, width) -> (width)
export function embedding(data, width) {
  const mean = new Float32Array(width);
  for (let at = 0; at < data.length; at += width) for (let i = 0; i < width; ++i) mean[i] += data[at + i];
  const length = Math.hypot(...mean);
  return mean.map((value) => value / length);
}
export function cosine(a, b) {
  let dot = 0,
    aa = 0,
    bb = 0;
  for (let i = 0; i < a.length; ++i) ((dot += a[i] * b[i]), (aa += a[i] * a[i]), (bb += b[i] * b[i]));
  return dot / Math.sqrt(aa * bb);
}
