// Namespaces by name, pattern and predicate, their middleware, and requests that get no session.
import { ask, assert, connect, connected, next, options, run, transport, url } from "./session.mjs";

const admin = (auth) => connect("/admin", { auth });

async function aNamespaceLetsInWhomItsMiddlewareLetsIn() {
  const socket = admin({ token: "secret" });
  await next(socket, "connect");
  assert.deepEqual(await ask(socket, "whoami"), [socket.id, "/admin"]);
}

async function anErrorInAMiddlewareIsAConnectErrorWithMessageAndData() {
  const [plain] = await next(admin({ token: "guessed" }), "connect_error");
  assert.ok(plain instanceof Error);
  assert.equal(plain.message, "admins only");
  assert.deepEqual(plain.data, { code: 403, hint: "sign in" });
  const [other] = await next(admin({}), "connect_error");
  assert.equal(other.message, "no token");
  assert.equal(other.data, undefined);
}

async function namesThatMatchAPatternAreNamespaces() {
  const one = await connected("/dynamic-101");
  const same = await connected("/dynamic-101");
  const other = await connected("/dynamic-102");
  assert.deepEqual(await ask(one, "whoami"), [one.id, "/dynamic-101"]);
  assert.deepEqual(await ask(other, "whoami"), [other.id, "/dynamic-102"]);
  const heard = [one, same, other].map((each) => next(each, "to all"));
  assert.equal(await ask(one, "tell all", 1, "a"), 2);
  for (const each of await Promise.all(heard)) assert.deepEqual(each, [1, "a"]);
  const here = [];
  for (const each of [one, same, other]) each.on("here", () => here.push(each.nsp));
  await ask(other, "tell here");
  for (const each of [one, same, other]) await ask(each, "whoami");
  assert.deepEqual(here, ["/dynamic-102"]);
}

async function theyAreForgottenWhenTheyAreEmpty() {
  const watcher = await connected("/");
  const one = await connected("/dynamic-7");
  const children = async () => (await ask(watcher, "children")).includes("/dynamic-7");
  assert.ok(await children());
  one.disconnect();
  for (let tries = 0; (await children()) && tries < 500; ++tries)
    await new Promise((resolve) => setTimeout(resolve, 10));
  assert.ok(!(await children()));
  const again = await connected("/dynamic-7");
  assert.deepEqual(await ask(again, "whoami"), [again.id, "/dynamic-7"]);
}

async function aPredicateIsAskedWithTheAuth() {
  const socket = connect("/of/ann", { auth: { user: "ann" } });
  await next(socket, "connect");
  const [error] = await next(connect("/of/bob", { auth: { user: "ann" } }), "connect_error");
  assert.ok(error instanceof Error);
}

async function whatMatchesNothingIsRefused() {
  for (const name of ["/dynamic-", "/dynamic-1x", "/unknown", "/of/ann/x"]) {
    const socket = connect(name);
    await next(socket, "connect_error");
    assert.ok(!socket.connected);
  }
}

async function aRequestThatIsNotAllowedGetsNoSession() {
  const [error] = await next(connect("/", { query: { banned: "1" } }), "connect_error");
  if (transport === "polling") assert.equal(error.context.status, 403);
  const refused = await fetch(`${url}${options.path}/?EIO=4&transport=polling&banned=1`);
  assert.equal(refused.status, 403);
  assert.deepEqual(await refused.json(), { code: 4, message: "banned" });
  const response = await fetch(`${url}${options.path}/?EIO=4&transport=polling`);
  assert.equal(response.headers.get("x-frame-options"), "DENY");
  assert.equal(response.headers.get("x-initial"), "polling");
}

await run([
  aNamespaceLetsInWhomItsMiddlewareLetsIn,
  anErrorInAMiddlewareIsAConnectErrorWithMessageAndData,
  namesThatMatchAPatternAreNamespaces,
  theyAreForgottenWhenTheyAreEmpty,
  aPredicateIsAskedWithTheAuth,
  whatMatchesNothingIsRefused,
  aRequestThatIsNotAllowedGetsNoSession,
]);
