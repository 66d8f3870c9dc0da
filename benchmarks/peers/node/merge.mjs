// node merge.mjs merge EDITS FILE: what yjs takes to merge the updates in the file, each after its
// size in four bytes. `0` in place of all that prints the versions and ends.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { mergeUpdates } from "yjs";

const TIMES = 3;

if (process.argv[2] === "0") {
  const { version } = createRequire(import.meta.url)("yjs/package.json");
  console.log(JSON.stringify({ node: process.versions.node, yjs: version }));
} else {
  const file = readFileSync(process.argv.at(-1));
  const updates = [];
  for (let at = 0; at < file.length; ) {
    const size = file.readUInt32LE(at);
    updates.push(new Uint8Array(file.subarray(at + 4, at + 4 + size)));
    at += 4 + size;
  }
  const took = [];
  let bytes = 0;
  for (let i = 0; i < TIMES; i++) {
    const began = performance.now();
    bytes = mergeUpdates(updates).length;
    took.push((performance.now() - began) * 1000);
  }
  took.sort((a, b) => a - b);
  console.log(JSON.stringify({ merge_us: took[1], bytes }));
}
