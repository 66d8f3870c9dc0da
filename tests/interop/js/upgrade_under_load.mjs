// Numbered messages both ways on many connections while each of them upgrades to WebSocket:
// none may be lost, doubled or out of order.
import { assert, connect, run } from "./session.mjs";

const CONNECTIONS = 20;
const AT_ONCE = 5;
const MESSAGES = 2000; // each way, and as many again that only the server sends
const IN_ONE_TURN = 25;
const IN_FLIGHT = 500;
const LIMIT = 20_000;

const turn = () => new Promise((resolve) => setImmediate(resolve));

async function one(underWay) {
  const socket = connect();
  const engine = socket.io.engine;
  const received = [];
  const burst = [];
  let sent = 0;
  engine.once("upgrade", () => {
    if (sent > received.length && burst.length < MESSAGES) underWay.push(sent - received.length);
  });
  socket.on("numbered_back", (number) => received.push(number));
  socket.on("burst_item", (number) => burst.push(number));
  const deadline = Date.now() + LIMIT;
  const until = async (condition, what) => {
    while (!condition()) {
      if (Date.now() > deadline) {
        throw new Error(`${what}: ${sent} sent, ${received.length} and ${burst.length} received`);
      }
      await turn();
    }
  };
  // From the first moment on, so that the upgrade falls among them; the last half comes after it.
  socket.emit("burst", MESSAGES, "padding");
  while (sent < MESSAGES) {
    for (let i = 0; i < IN_ONE_TURN; i++) socket.emit("numbered", sent++);
    await until(() => sent - received.length < IN_FLIGHT, "answers are missing");
    if (sent >= MESSAGES / 2) {
      await until(() => engine.transport.name === "websocket", "there was no upgrade");
    }
    await turn();
  }
  await until(() => received.length >= MESSAGES && burst.length >= MESSAGES, "messages are lost");
  await new Promise((resolve) => socket.emit("echo", resolve)); // a double would come before it
  const inOrder = [...Array(MESSAGES).keys()];
  assert.deepEqual(received, inOrder);
  assert.deepEqual(burst, inOrder);
  socket.disconnect();
}

async function nothingIsLostDoubledOrOutOfOrder() {
  const underWay = [];
  for (let first = 0; first < CONNECTIONS; first += AT_ONCE) {
    await Promise.all(Array.from({ length: AT_ONCE }, () => one(underWay)));
  }
  console.log(`in flight at the upgrade: ${underWay}`);
  // Else the upgrades fell into pauses, and this has shown little.
  assert.ok(underWay.length > CONNECTIONS / 2, `${underWay.length} upgrades under way`);
}

await run([nothingIsLostDoubledOrOutOfOrder]);
