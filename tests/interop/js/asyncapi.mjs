// Is what comes on the standard input an AsyncAPI 3.0 document? Judged by the schema of the
// specification itself; then whether each $ref leads somewhere.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const Ajv = require("ajv").default;
const addFormats = require("ajv-formats").default;
const schema = require("@asyncapi/specs/schemas/3.0.0-without-$id.json");

const ajv = new Ajv({ strict: false, allErrors: true });
addFormats(ajv);
const document = JSON.parse(readFileSync(0, "utf8"));
const validate = ajv.compile(schema);
if (!validate(document)) {
  console.log(JSON.stringify(validate.errors.slice(0, 10), null, 1));
  process.exit(1);
}

function follow(reference) {
  let at = document;
  for (const part of reference.slice(2).split("/")) at = at?.[part.replaceAll("~1", "/").replaceAll("~0", "~")];
  return at;
}
function check(node) {
  if (node === null || typeof node !== "object") return;
  if (typeof node.$ref === "string" && follow(node.$ref) === undefined) {
    console.log(`${node.$ref} leads nowhere`);
    process.exit(1);
  }
  Object.values(node).forEach(check);
}
check(document);
