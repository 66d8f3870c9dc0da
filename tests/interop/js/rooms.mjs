// The four clients of a job page: of one job, of another, of all jobs, and of a job that is none;
// and what they can ask for later.
import { ask, assert, connect, next, run } from "./session.mjs";

const JOB = "507f1f77bcf86cd799439011";
const OTHER = "507f1f77bcf86cd799439012";

// A client that notes what it hears of jobs.
async function watcher(jobId) {
  const socket = connect("/", { query: { jobId } });
  socket.heard = [];
  socket.errors = [];
  socket.on("job:progress", (data) => socket.heard.push(`${data.jobId} ${data.progress}`));
  socket.on("room:error", (error) => socket.errors.push(error));
  await next(socket, "connect");
  return socket;
}

async function fourClientsHearWhatTheirRoomsAreFor() {
  const [one, other, all, invalid] = await Promise.all(
    [JOB, OTHER, "all", "invalid"].map(watcher),
  );
  await ask(one, "work", JOB, 50);
  await ask(one, "work", OTHER, 70);
  for (const each of [one, other, all, invalid]) await ask(each, "sync");
  assert.deepEqual(one.heard, [`${JOB} 50`]);
  assert.deepEqual(other.heard, [`${OTHER} 70`]);
  assert.deepEqual(all.heard, [`${JOB} 50`, `${OTHER} 70`]);
  assert.deepEqual(invalid.heard, []);
  assert.deepEqual(invalid.errors, [{ message: "Invalid job ID format", jobId: "invalid" }]);
  assert.deepEqual([one, other, all].flatMap((each) => each.errors), []);
  assert.ok(invalid.connected);
  assert.deepEqual(await ask(one, "stats"), {
    totalConnections: 4,
    rooms: { "all-jobs": 1, [`job:${JOB}`]: 1, [`job:${OTHER}`]: 1 },
  });
}

async function rightlyInBothRoomsAnEventComesOnce() {
  const socket = await watcher(JOB);
  const joined = await ask(socket, "room:switch", { join: "all-jobs" });
  assert.deepEqual(joined, { ok: true, left: [], joined: ["all-jobs"] });
  await ask(socket, "work", JOB, 1);
  await ask(socket, "sync");
  assert.deepEqual(socket.heard, [`${JOB} 1`]);
}

async function roomsAreSwitchedWithoutAReconnect() {
  const socket = await watcher(JOB);
  const id = socket.id;
  const leave = `job:${JOB}`;
  const join = `job:${OTHER}`;
  assert.deepEqual(await ask(socket, "room:switch", { leave, join }), {
    ok: true,
    left: [leave],
    joined: [join],
  });
  await ask(socket, "work", JOB, 1);
  await ask(socket, "work", OTHER, 2);
  await ask(socket, "sync");
  assert.deepEqual(socket.heard, [`${OTHER} 2`]);
  assert.equal(socket.id, id);
  const refused = await ask(socket, "room:switch", { join: "job:../admin" });
  assert.equal(refused.ok, false);
  assert.equal(refused.room, "job:../admin");
}

async function theApplicationIsAskedAndCanTakeItBack() {
  const socket = await watcher("all");
  assert.equal((await ask(socket, "room:switch", { join: "team:red" })).ok, true);
  assert.equal((await ask(socket, "room:switch", { leave: "team:red" })).ok, true);
  assert.equal((await ask(socket, "room:switch", { join: "team:red" })).ok, true);
  assert.equal((await ask(socket, "room:switch", { join: "team:blue" })).error, "Not allowed");
  assert.deepEqual(await ask(socket, "asked"), ["team:red", "team:blue"]);
  const told = next(socket, "room:revoked");
  assert.equal(await ask(socket, "revoke", "team:red"), true);
  assert.deepEqual(await told, [{ room: "team:red" }]);
  assert.equal((await ask(socket, "room:switch", { join: "team:red" })).error, "Not allowed");
}

async function legacySubscriptionsStillWork() {
  const socket = await watcher("all");
  await ask(socket, "room:switch", { leave: "all-jobs" });
  socket.emit("subscribe:job", JOB);
  await ask(socket, "work", JOB, 3);
  await ask(socket, "sync");
  assert.deepEqual(socket.heard, [`${JOB} 3`]);
  socket.emit("subscribe:job", "nonsense");
  await ask(socket, "sync");
  assert.deepEqual(socket.errors, [{ message: "Invalid job ID format", jobId: "nonsense" }]);
}

await run([
  fourClientsHearWhatTheirRoomsAreFor,
  rightlyInBothRoomsAnEventComesOnce,
  roomsAreSwitchedWithoutAReconnect,
  theApplicationIsAskedAndCanTakeItBack,
  legacySubscriptionsStillWork,
]);
