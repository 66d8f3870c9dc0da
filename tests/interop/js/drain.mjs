// Clients of a server that drains: what they hear, and that they come back by themselves.
import { assert, connected, next, run, url } from "./session.mjs";

const again = { reconnection: true, reconnectionDelay: 50, reconnectionDelayMax: 50 };

async function clientsAreToldAndConnectAgain() {
  const clients = await Promise.all([1, 2, 3].map(() => connected("/", again)));
  const told = clients.map((each) => next(each, "server-shutting-down"));
  const gone = clients.map((each) => next(each, "disconnect"));
  const back = clients.map((each) => next(each, "connect"));
  clients[0].emit("drain", Number(new URL(url).port));
  for (const [data] of await Promise.all(told))
    assert.deepEqual(data, { message: "Server maintenance", reconnectIn: 30000 });
  for (const [reason] of await Promise.all(gone)) assert.equal(reason, "transport close");
  await Promise.all(back);
}

await run([clientsAreToldAndConnectAgain]);
