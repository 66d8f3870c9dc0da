// What the scripts share: the unmodified client, connected as the arguments ask, with a limit.
import { strict as assert } from "node:assert";
import { io } from "socket.io-client";

export const [, , url, path, transport] = process.argv;
export { assert };

const TRANSPORTS = {
  polling: { transports: ["polling"] },
  websocket: { transports: ["websocket"] },
  upgrade: { transports: ["polling", "websocket"] },
};

export const options = { path, forceNew: true, reconnection: false, ...TRANSPORTS[transport] };

const open = [];

export function connect(namespace = "/", extra = {}) {
  const socket = io(url + namespace, { ...options, ...extra });
  open.push(socket);
  return socket;
}

// The arguments of the next such event.
export function next(emitter, event, limit = 10_000) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no "${event}" in ${limit} ms`)), limit);
    emitter.once(event, (...args) => {
      clearTimeout(timer);
      resolve(args);
    });
  });
}

export async function connected(namespace, extra) {
  const socket = connect(namespace, extra);
  await next(socket, "connect");
  return socket;
}

export const ask = (socket, ...args) => socket.timeout(10_000).emitWithAck(...args);

// With "upgrade", an answer in the next event is on WebSocket.
export async function settled(socket) {
  const engine = socket.io.engine;
  if (transport === "upgrade" && engine.transport.name !== "websocket") await next(engine, "upgrade");
  return socket;
}

// Runs the named checks one after the other; any that fails fails the script.
export async function run(checks) {
  let failed = 0;
  for (const check of checks) {
    try {
      await check();
      console.log(`ok ${check.name}`);
    } catch (error) {
      failed += 1;
      console.log(`FAILED ${check.name}: ${error.stack}`);
    }
    for (const socket of open.splice(0)) socket.disconnect();
  }
  process.exit(failed ? 1 : 0);
}
