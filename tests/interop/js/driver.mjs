// Does with the unmodified client what tests in Python ask for; see ../js_driver.py.
//
// Each connection is one test: lines of JSON, requests with a number one way, answers with the same
// number and what sockets have heard the other. Its sockets are disconnected when it ends.
import { createServer } from "node:net";
import { createInterface } from "node:readline";
import { io, Manager } from "socket.io-client";

const AsyncFunction = (async () => {}).constructor;

// Bytes are {"$bytes": base64} in the lines.
function encode(value) {
  if (value instanceof ArrayBuffer) value = Buffer.from(value);
  if (ArrayBuffer.isView(value)) {
    const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    return { $bytes: bytes.toString("base64") };
  }
  if (Array.isArray(value)) return value.map(encode);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, encode(each)]));
}

function decode(value) {
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) return value.map(decode);
  if ("$bytes" in value) return Buffer.from(value.$bytes, "base64");
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, decode(each)]));
}

const plain = (error) => ({ message: error.message, data: error.data });

class Test {
  constructor(connection) {
    this.connection = connection;
    this.sockets = new Map();
    this.acks = [];
  }

  say(message) {
    if (this.connection.writable) this.connection.write(`${JSON.stringify(encode(message))}\n`);
  }

  listen(name, socket) {
    const heard = (event, ...args) => this.say({ socket: name, event, args, sid: socket.id });
    this.sockets.set(name, socket);
    socket.on("connect", () => heard("connect", socket.recovered));
    socket.on("connect_error", (error) => heard("connect_error", plain(error)));
    socket.on("disconnect", (reason) => heard("disconnect", reason));
    socket.onAny((event, ...args) => {
      if (typeof args.at(-1) !== "function") return heard(event, ...args);
      const ack = this.acks.push(args.pop()) - 1;
      this.say({ socket: name, event, args, ack });
    });
  }

  // --- what can be asked for ---

  open({ socket, url, namespace, options }) {
    this.listen(socket, io(url + namespace, { forceNew: true, reconnection: false, ...options }));
  }

  // Another namespace over the connection of `beside`.
  beside({ socket, beside, namespace, auth }) {
    this.listen(socket, this.sockets.get(beside).io.socket(namespace, { auth }));
  }

  emit({ socket, args, timeout }) {
    const client = this.sockets.get(socket);
    if (timeout === undefined) return void client.emit(...args);
    return new Promise((resolve, reject) =>
      client
        .timeout(timeout)
        .emit(...args, (error, ...answer) => (error ? reject(error) : resolve(answer))),
    );
  }

  answer({ ack, args }) {
    this.acks[ack](...args);
  }

  run({ socket, code, given }) {
    return new AsyncFunction("socket", "Manager", "given", code)(
      this.sockets.get(socket),
      Manager,
      given,
    );
  }

  async serve(line) {
    const { number, what, ...asked } = decode(JSON.parse(line));
    try {
      this.say({ number, result: (await this[what](asked)) ?? null });
    } catch (error) {
      this.say({ number, error: String(error.stack) });
    }
  }

  end() {
    for (const socket of this.sockets.values()) {
      socket.io.reconnection(false);
      socket.disconnect();
      socket.io.engine?.close();
    }
  }
}

const server = createServer((connection) => {
  const test = new Test(connection);
  connection.setNoDelay(true);
  connection.on("error", () => {}); // it closes then
  connection.on("close", () => test.end());
  createInterface({ input: connection })
    .on("line", (line) => test.serve(line))
    .on("error", () => {});
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
process.stdin.on("end", () => process.exit()).resume();
