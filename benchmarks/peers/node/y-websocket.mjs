// node y-websocket.mjs PORT: the server that comes with npm's y-websocket, documents in memory. Port
// 0 prints the versions and ends.
import { createRequire } from "node:module";
import { createServer } from "node:http";
import { WebSocketServer } from "ws";
import { options } from "./application.mjs";

const require = createRequire(import.meta.url);
const { port } = options(process.argv);
if (port === 0) {
  const version = (name) => require(`${name}/package.json`).version;
  const found = { node: process.versions.node };
  for (const name of ["y-websocket", "yjs", "ws", "bufferutil"]) {
    found[name] = version(name);
  }
  console.log(JSON.stringify(found));
} else {
  const { setupWSConnection } = require("y-websocket/bin/utils");
  const http = createServer();
  new WebSocketServer({ server: http }).on("connection", setupWSConnection);
  http.listen({ port, host: "127.0.0.1", backlog: 1024 });
}
