// A client whose connections break: it counts the events it gets, which have to be all, in order.
import assert from "node:assert/strict";
import { io } from "socket.io-client";
import msgpack from "socket.io-msgpack-parser";

const [url, path, serializer, ...transports] = process.argv.slice(2);
const socket = io(url, {
  path,
  transports,
  ...(serializer === "msgpack" ? { parser: msgpack } : {}),
  reconnectionDelay: 5,
  reconnectionDelayMax: 20,
  timeout: 5000,
});

let expected = 0;
let connects = 0;
let id;

function fail(error) {
  console.error(error.stack, { expected, connects, id });
  process.exit(1);
}

function checked(handler) {
  return (...args) => {
    try {
      handler(...args);
    } catch (error) {
      fail(error);
    }
  };
}

socket.on("connect", checked(() => {
  connects += 1;
  id ??= socket.id;
  assert.equal(socket.recovered, connects > 1, "recovered each time but the first");
  assert.equal(socket.id, id);
  socket.emit("connected", connects);
}));

socket.on("connect_error", (error) => {
  if (!socket.active) fail(error); // refused; else the network, which it tries again
});

socket.on("number", checked((number, payload) => {
  assert.equal(number, expected);
  expected += 1;
  if (number % 4 === 2) {
    assert.deepEqual(Buffer.from(payload), Buffer.from([number & 255, number >> 8]));
  }
}));

socket.on("volatile", checked((text) => assert.equal(text, "now or never")));
socket.on("question", (answer) => answer("yes"));

socket.on("end", checked((count) => {
  assert.equal(expected, count);
  console.log(JSON.stringify({ had: expected, connects }));
  socket.disconnect();
}));
