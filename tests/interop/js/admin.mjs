// The Admin UI's client: what it is told makes up the same picture of the server as it keeps.
import { assert, connect, connected, next, run } from "./session.mjs";

const auth = { username: "admin", password: "secret" };
const admins = { auth, forceNew: true };
const find = (list, id) => list.find((each) => each.id === id);

// What the UI keeps of all_sockets and of what follows, by namespace.
class Picture {
  constructor(admin) {
    this.sockets = new Map();
    this.events = [];
    const socket = (nsp, id) => this.sockets.get(nsp + id);
    const add = (each) => this.sockets.set(each.nsp + each.id, { ...each, rooms: [...each.rooms] });
    admin.on("all_sockets", (all) => {
      this.sockets.clear();
      all.forEach(add);
    });
    admin.on("socket_connected", add);
    admin.on("socket_updated", (changed) => Object.assign(socket(changed.nsp, changed.id) ?? {}, changed));
    admin.on("socket_disconnected", (nsp, id) => this.sockets.delete(nsp + id));
    admin.on("room_joined", (nsp, room, id) => {
      const rooms = socket(nsp, id)?.rooms ?? [];
      if (!rooms.includes(room)) rooms.push(room);
    });
    admin.on("room_left", (nsp, room, id) => {
      const found = socket(nsp, id);
      if (found) found.rooms = found.rooms.filter((each) => each !== room);
    });
    for (const way of ["event_received", "event_sent"])
      admin.on(way, (nsp, id, args, timestamp) => this.events.push({ way, nsp, id, args, timestamp }));
    this.changed = () => new Promise((resolve) => admin.onAny(resolve));
    this.admin = admin;
  }

  async shows(condition, what) {
    const limit = Date.now() + 10_000;
    while (!condition(this)) {
      assert(Date.now() < limit, `the picture never shows ${what}`);
      await Promise.race([this.changed(), new Promise((resolve) => setTimeout(resolve, 500))]);
      this.admin.offAny();
    }
  }

  rooms(id) {
    return (this.sockets.get("/" + id)?.rooms ?? []).filter((room) => room !== id).sort();
  }
}

// Listens before it is connected, so that nothing is missed.
async function admin() {
  const socket = connect("/admin", admins);
  const picture = new Picture(socket);
  const config = next(socket, "config");
  const all = next(socket, "all_sockets");
  await next(socket, "connect");
  return { socket, picture, config: (await config)[0], all: (await all)[0] };
}

async function whoHasNoCredentialsIsRefused() {
  for (const wrong of [{}, { auth: {} }, { auth: { ...auth, password: "x" } }]) {
    const socket = connect("/admin", { forceNew: true, ...wrong });
    const [error] = await next(socket, "connect_error");
    assert.equal(error.message, "authentication failed");
  }
}

async function theServerIsShownWithItsClients() {
  const client = await connected();
  const { socket, config, all } = await admin();
  const features = ["EMIT", "JOIN", "LEAVE", "DISCONNECT", "MJOIN", "MLEAVE", "MDISCONNECT"];
  assert.deepEqual([...config.supportedFeatures].sort(), [...features, "AGGREGATED_EVENTS", "ALL_EVENTS"].sort());
  assert.deepEqual(find(all, client.id).rooms, [client.id]);
  assert.equal(find(all, socket.id).nsp, "/admin");
  let stats;
  do [stats] = await next(socket, "server_stats");
  while (stats.clientsCount !== 2); // those of the check before may still be leaving
  assert.equal(typeof stats.serverId, "string");
  assert.equal(typeof stats.uptime, "number");
  assert.deepEqual(
    stats.namespaces.filter(({ name }) => ["/", "/admin"].includes(name)),
    [
      { name: "/", socketsCount: 1 },
      { name: "/admin", socketsCount: 1 },
    ],
  );
}

async function thePictureFollowsClientsAndRooms() {
  const { socket, picture } = await admin();
  const [ann, bob] = [await connected(), await connected()];
  const knows = (id) => picture.sockets.has("/" + id);
  await picture.shows(() => knows(ann.id) && knows(bob.id), "both clients");
  socket.emit("join", "/", "both", undefined);
  socket.emit("join", "/", "one", ann.id);
  await picture.shows(
    () => picture.rooms(ann.id).join() === "both,one" && picture.rooms(bob.id).join() === "both",
    "the rooms that were joined",
  );
  socket.emit("leave", "/", "both", ann.id);
  await picture.shows(() => picture.rooms(ann.id).join() === "one", "the room that was left");
  const { id } = bob;
  const gone = next(bob, "disconnect");
  socket.emit("_disconnect", "/", false, id);
  assert.equal((await gone)[0], "io server disconnect");
  await picture.shows(() => !knows(id) && knows(ann.id), "who has gone");
}

async function eventsAreShownBothWays() {
  const { socket, picture } = await admin();
  const client = await connected();
  const heard = next(client, "hello");
  socket.emit("emit", "/", client.id, "hello", 1, "2");
  assert.deepEqual(await heard, [1, "2"]);
  client.emit("echo", { x: [1, null] });
  const shown = (way, event) => picture.events.find((each) => each.way === way && each.id === client.id && each.args[0] === event);
  await picture.shows(() => shown("event_sent", "hello") && shown("event_received", "echo"), "the events");
  assert.deepEqual(shown("event_sent", "hello").args, ["hello", 1, "2"]);
  const received = shown("event_received", "echo");
  assert.deepEqual(received.args, ["echo", { x: [1, null] }]);
  assert(Math.abs(Date.parse(received.timestamp) - Date.now()) < 60_000);
}

await run([
  whoHasNoCredentialsIsRefused,
  theServerIsShownWithItsClients,
  thePictureFollowsClientsAndRooms,
  eventsAreShownBothWays,
]);
