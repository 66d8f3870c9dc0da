// Bundles editor.js into ../static/vendor/editor.js, with the licences of what is in there.
import { readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));

// Bundles from the same inputs are the same, byte for byte.
const options = {
  absWorkingDir: here,
  entryPoints: ["editor.js"],
  bundle: true,
  format: "esm",
  minify: true,
  charset: "utf8",
  target: "es2022",
  conditions: ["browser", "import", "production"],
  legalComments: "none", // the licences below say all of it
  metafile: true,
};

const { metafile } = await build({ ...options, write: false });
const packages = [
  ...new Set(
    Object.keys(metafile.inputs).flatMap(
      (path) => path.match(/.*node_modules\/((?:@[^/]+\/)?[^/]+)/)?.[0] ?? [],
    ),
  ),
].sort();

const licences = packages.map((path) => {
  const { name, version, license } = JSON.parse(readFileSync(join(here, path, "package.json")));
  const file = readdirSync(join(here, path)).find((each) => /^licen[cs]e/i.test(each));
  const text = file && readFileSync(join(here, path, file), "utf8").trim();
  return { name: `${name} ${version} (${license})`, text };
});
if (licences.some(({ text }) => !text)) throw new Error("a package has no licence file");
const texts = new Map(); // what is word for word the same, once
for (const { name, text } of licences) texts.set(text, [...(texts.get(text) ?? []), name]);
const banner = [...texts].map(([text, names]) => [...names, "", text].join("\n"));

await build({
  ...options,
  outfile: join(here, "../static/vendor/editor.js"),
  banner: {
    js: `/*!\n${banner.join("\n\n---\n\n").replaceAll("*/", "* /")}\n*/`,
  },
});
console.log(licences.map(({ name }) => name).join("\n"));
