// node y-socket-io.mjs PORT: npm's y-socket.io as it comes, documents in memory. Port 0 prints the
// versions and ends.
import { createRequire } from "node:module";
import { createServer } from "node:http";
import { Server } from "socket.io";
import { YSocketIO } from "y-socket.io/dist/server";
import { options } from "./application.mjs";

const { port } = options(process.argv);
if (port === 0) {
  const require = createRequire(import.meta.url);
  const version = (name) => require(`${name}/package.json`).version;
  const found = { node: process.versions.node };
  for (const name of ["y-socket.io", "yjs", "socket.io", "ws", "bufferutil"]) {
    found[name] = version(name);
  }
  console.log(JSON.stringify(found));
} else {
  const http = createServer();
  new YSocketIO(new Server(http, { serveClient: false }), {}).initialize();
  http.listen({ port, host: "127.0.0.1", backlog: 1024 });
}
