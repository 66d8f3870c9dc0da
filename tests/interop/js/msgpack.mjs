// The JavaScript client with socket.io-msgpack-parser: what a server that speaks msgpack must do for it.
import assert from "node:assert/strict";
import { io } from "socket.io-client";
import parser from "socket.io-msgpack-parser";

const [url, path, transport] = process.argv.slice(2);
const bytes = (...values) => Buffer.from(values);
// It reads bytes as Buffers or ArrayBuffers, as its platform has them.
const same = (read, written) => assert.deepEqual(Buffer.from(read), Buffer.from(written));

function connect(namespace, options = {}) {
  return io(url + namespace, {
    parser,
    path,
    transports: [transport],
    reconnection: false,
    forceNew: true,
    ...options,
  });
}

// Its objects have no prototype.
const plain = (value) => JSON.parse(JSON.stringify(value));

const next = (socket, event) =>
  new Promise((resolve) => socket.once(event, (...args) => resolve(args)));

const answers = (socket, event, ...args) =>
  new Promise((resolve) => socket.emit(event, ...args, (...got) => resolve(got)));

const socket = connect("/", { auth: { token: "x" } });
await next(socket, "connect");
assert.deepEqual(plain(await answers(socket, "auth")), [{ token: "x" }]);

const nested = { list: [1, -1, 2 ** 40, 1.5, null, true], text: "é😀", empty: {} };
assert.deepEqual(plain(await answers(socket, "echo", nested, "two")), [nested, "two"]);
assert.deepEqual(await answers(socket, "echo"), []);

const [{ raw }, last] = await answers(socket, "echo", { raw: bytes(0, 255) }, Buffer.alloc(70_000, 7));
same(raw, bytes(0, 255));
same(last, Buffer.alloc(70_000, 7));

socket.on("question", (data, acknowledge) => acknowledge(data + 1, bytes(3)));
assert.deepEqual(await answers(socket, "ask_back", 41), [42, 3]);

const stranger = connect("/nowhere");
const [unknown] = await next(stranger, "connect_error");
assert.equal(unknown.message, ""); // the reason is a text, as python-socketio's, and it looks into an object

const refused = connect("/closed");
const [error] = await next(refused, "connect_error");
assert.equal(error.message, "not today");
assert.deepEqual(plain(error.data), { again: 60 });

// A DISCONNECT with any data is no packet for its parser: the reason would be "parse error".
const leaving = next(socket, "disconnect");
socket.emit("disconnect_me");
assert.deepEqual((await leaving)[0], "io server disconnect");

for (const each of [socket, stranger, refused]) each.io.engine.close();
console.log("done");
