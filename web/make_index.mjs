// Writes the passages of a file and their vectors as an index (include/constformer/tasks/search.hpp has the format).
//
//   node make_index.mjs MODULE PASSAGES INDEX
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const [module, passages, out] = process.argv.slice(2);
if (!out) {
  console.error('usage: node make_index.mjs MODULE PASSAGES INDEX');
  process.exit(2);
}
try {
  const { load } = await import(pathToFileURL(resolve(module)));
  const lines = readFileSync(passages, 'utf8')
    .split('\n')
    .filter((line) => line && !line.startsWith('#'));
  const model = await load(undefined, { tokens: 256 }),
    { width, manifest } = await model.describe();
  const vectors = await model.embed(lines, { truncate: true });

  const texts = lines.map((line) => Buffer.from(line)),
    count = lines.length;
  const begins = 64 + 4 * width * count,
    size = texts.reduce((sum, text) => sum + text.length, 0); // begins: a multiple of 8
  const bytes = Buffer.alloc(begins + 8 * (count + 1) + size);
  bytes.write('cfindex1');
  bytes.writeUInt32LE(width, 8);
  bytes.writeUInt32LE(count, 12);
  [begins, size, bytes.length, `0x${manifest}`].forEach((value, i) =>
    bytes.writeBigUInt64LE(BigInt(value), 16 + 8 * i),
  );
  vectors.forEach((vector, row) => vector.forEach((value, i) => bytes.writeFloatLE(value, 64 + 4 * (width * row + i))));
  let at = 0;
  texts.concat(Buffer.alloc(0)).forEach((text, i) => {
    bytes.writeBigUInt64LE(BigInt(at), begins + 8 * i);
    text.copy(bytes, begins + 8 * (count + 1) + at);
    at += text.length;
  });
  writeFileSync(`${out}.part`, bytes);
  renameSync(`${out}.part`, out);
} catch (problem) {
  console.error(`make_index: ${problem.message}`);
  process.exit(1);
}
