// Events, acks, binary, rooms, namespaces, refusals and reconnection, over one kind of transport.
import { ask, assert, connect, connected, next, run, settled, transport } from "./session.mjs";

const bytes = (...values) => Buffer.from(values);
const plain = (value) => JSON.parse(JSON.stringify(value));

async function connectsOverTheTransportAskedFor() {
  const socket = await settled(await connected());
  assert.match(socket.id, /^[A-Za-z0-9_-]{20}$/);
  assert.notEqual(socket.id, socket.io.engine.id);
  const expected = transport === "polling" ? "polling" : "websocket";
  assert.equal(socket.io.engine.transport.name, expected);
  assert.equal(await ask(socket, "transport_of"), expected);
}

async function eventsAreAcknowledged() {
  const socket = await connected();
  const answers = await new Promise((resolve) => socket.emit("echo", (...args) => resolve(args)));
  assert.deepEqual(answers, []);
  const many = await new Promise((resolve) =>
    socket.emit("echo", 1, "two", { three: [null, "é😀"] }, (...args) => resolve(args)),
  );
  assert.deepEqual(many, [1, "two", { three: [null, "é😀"] }]);
  assert.deepEqual(await ask(socket, "answer_list", 1, 2), [1, 2]);
}

async function serversQuestionsAreAnswered() {
  const socket = await connected();
  socket.on("none", (acknowledge) => acknowledge());
  socket.on("one", (data, acknowledge) => acknowledge({ got: data }));
  socket.on("many", (acknowledge) => acknowledge(1, [2], bytes(3)));
  socket.on("never", () => {});
  const answer = (event, extra = {}) => ask(socket, "ask", { event, ...extra });
  assert.deepEqual(await answer("none"), { several: false, result: null });
  assert.deepEqual(await answer("one", { data: 7 }), { several: false, result: { got: 7 } });
  assert.deepEqual(await answer("many"), { several: true, result: [1, [2], bytes(3)] });
  assert.deepEqual(await answer("never", { timeout: 0.1 }), { error: "TimeoutError" });
}

async function binaryTravelsBothWays() {
  const socket = await connected();
  const nested = { list: [bytes(1, 2), { deep: bytes() }], last: Buffer.alloc(70_000, 7), text: "x" };
  assert.deepEqual(await ask(socket, "echo", nested), nested);
  const repeated = next(socket, "repeated");
  socket.emit("repeat", nested, bytes(9), "text", new Uint8Array([5]));
  assert.deepEqual(await repeated, [nested, bytes(9), "text", bytes(5)]);
}

async function roomsReceiveWhatIsSentToThem() {
  const [ann, bob, eve] = [await connected(), await connected(), await connected()];
  const heard = [ann, bob, eve].map((socket) => {
    const events = [];
    socket.on("news", (data) => events.push(data));
    return events;
  });
  const room = `js ${transport} ${process.pid}`;
  assert.deepEqual(await ask(ann, "enter", room, room + 2), [room, room + 2].sort());
  await ask(bob, "enter", room);
  await ask(ann, "broadcast", { data: 1, to: room });
  await ask(ann, "broadcast", { data: bytes(2), to: [room, room + 2] });
  await ask(ann, "broadcast", { data: 3, to: room, skip_sid: ann.id });
  await ask(bob, "leave", room);
  await ask(ann, "broadcast", { data: 4, to: [room, eve.id] });
  for (const socket of [ann, bob, eve]) await ask(socket, "echo"); // all before it has arrived
  assert.deepEqual(heard, [[1, bytes(2), 4], [1, bytes(2), 3], [4]]);
}

async function namespacesShareOneConnection() {
  const main = await connected("/", { forceNew: false, multiplex: true });
  const chat = await connected("/chat", { forceNew: false, multiplex: true });
  const reports = await connected("/reports", { forceNew: false, multiplex: true });
  assert.equal(main.io, chat.io);
  assert.equal(new Set([main.id, chat.id, reports.id]).size, 3);
  const answer = (socket) =>
    new Promise((resolve) => socket.emit("echo", 1, (...args) => resolve(args)));
  assert.deepEqual(await answer(main), [1]);
  assert.deepEqual(await answer(chat), ["chat", 1]);
  assert.deepEqual(await answer(reports), ["reports", 1]);
  const left = next(chat, "disconnect");
  chat.emit("kick");
  assert.deepEqual((await left)[0], "io server disconnect");
  assert.deepEqual(await answer(main), [1]);
  reports.disconnect();
  assert.deepEqual(await answer(main), [1]);
}

async function refusalIsAConnectErrorWithItsData() {
  const refused = async (auth, namespace = "/") => {
    const [error] = await next(connect(namespace, { auth }), "connect_error");
    return plain({ message: error.message, data: error.data });
  };
  assert.deepEqual(await refused({ refuse: "message" }), { message: "not today" });
  assert.deepEqual(await refused({ refuse: "data" }, "/chat"), {
    message: "not today",
    data: { code: 7 },
  });
  assert.deepEqual(await refused({ refuse: "false" }), {
    message: "Connection rejected by server",
  });
  const [unknown] = await next(connect("/unknown"), "connect_error");
  assert.ok(unknown);
}

async function authReachesTheHandler() {
  const socket = await connected("/", { auth: { token: "t" } });
  const [record] = await ask(socket, "records_of", socket.id);
  assert.deepEqual(record.auth, { token: "t" });
}

async function serverSendsTheClientAway() {
  const socket = await connected();
  const left = next(socket, "disconnect");
  socket.emit("kick");
  assert.equal((await left)[0], "io server disconnect");
}

async function clientComesBackAfterALostConnection() {
  const socket = await connected("/", { reconnection: true, reconnectionDelay: 20 });
  await settled(socket);
  const [first, engine] = [socket.id, socket.io.engine.id];
  const left = next(socket, "disconnect");
  const back = next(socket, "connect");
  socket.io.engine.close();
  await left;
  await back;
  assert.notEqual(socket.id, first);
  assert.notEqual(socket.io.engine.id, engine);
  assert.equal(await ask(socket, "echo", "back"), "back");
}

async function disconnectedClientCanConnectAgain() {
  const socket = await connected();
  socket.disconnect();
  const back = next(socket, "connect");
  socket.connect();
  await back;
  assert.equal(await ask(socket, "echo", "again"), "again");
}

async function severalEventsBeforeTheConnectionAreSentOnceItIsThere() {
  const socket = connect();
  const numbers = [];
  const all = new Promise((resolve) =>
    socket.on("numbered_back", (number) => numbers.push(number) === 100 && resolve()),
  );
  for (let number = 0; number < 100; number++) socket.emit("numbered", number);
  await all;
  assert.deepEqual(numbers, [...Array(100).keys()]);
}

await run([
  connectsOverTheTransportAskedFor,
  eventsAreAcknowledged,
  serversQuestionsAreAnswered,
  binaryTravelsBothWays,
  roomsReceiveWhatIsSentToThem,
  namespacesShareOneConnection,
  refusalIsAConnectErrorWithItsData,
  authReachesTheHandler,
  serverSendsTheClientAway,
  clientComesBackAfterALostConnection,
  disconnectedClientCanConnectAgain,
  severalEventsBeforeTheConnectionAreSentOnceItIsThere,
]);
