// bun server.mjs PORT [PING_INTERVAL]; port 0 prints the versions and ends.
import { Server as Engine } from "@socket.io/bun-engine";
import { Server } from "socket.io";
import { addHandlers, options } from "./application.mjs";

const { port, pingInterval } = options(process.argv);
if (port === 0) {
  const version = async (name) =>
    (await Bun.file(`${import.meta.dir}/node_modules/${name}/package.json`).json()).version;
  console.log(
    JSON.stringify({
      bun: Bun.version,
      "socket.io": await version("socket.io"),
      "@socket.io/bun-engine": await version("@socket.io/bun-engine"),
    }),
  );
} else {
  const io = new Server();
  const engine = new Engine({ path: "/socket.io/", pingInterval, cors: { origin: "*" } });
  io.bind(engine);
  addHandlers(io);
  Bun.serve({ port, hostname: "127.0.0.1", idleTimeout: 60, ...engine.handler() });
}
