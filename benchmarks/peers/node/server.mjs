// node server.mjs PORT [PING_INTERVAL]; port 0 prints the versions and ends.
import { createRequire } from "node:module";
import { createServer } from "node:http";
import { Server } from "socket.io";
import { addHandlers, options } from "./application.mjs";

const { port, pingInterval } = options(process.argv);
if (port === 0) {
  const require = createRequire(import.meta.url);
  const engine = createRequire(require.resolve("engine.io"));
  const version = (from, name) => from(`${name}/package.json`).version;
  console.log(
    JSON.stringify({
      node: process.versions.node,
      "socket.io": version(require, "socket.io"),
      ws: version(engine, "ws"),
      bufferutil: version(require, "bufferutil"),
    }),
  );
} else {
  const http = createServer();
  const io = new Server(http, { pingInterval, cors: { origin: "*" }, serveClient: false });
  addHandlers(io);
  http.listen({ port, host: "127.0.0.1", backlog: 1024 });
}
