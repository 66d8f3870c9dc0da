// bun publish.mjs PORT; port 0 prints the versions and ends. A broadcast by Bun's own `publish`, which
// is uWebSockets': as in bare/, just enough Engine.IO and Socket.IO for the generator's clients, and
// nothing checked.
import { options } from "./application.mjs";

const ROOM = "everybody";
const SPREAD = '42["spread",'; // what a client asks for, and the room has as news

let opened = 0;

function onMessage(socket, text, server) {
  if (text === "40") {
    socket.send(`40{"sid":"s${++opened}"}`);
  } else if (text === '420["join"]') {
    socket.subscribe(ROOM);
    socket.send("430[]");
  } else if (text.startsWith(SPREAD)) {
    server.publish(ROOM, `42["news",${text.slice(SPREAD.length)}`);
  }
}

const { port } = options(process.argv);
if (port === 0) {
  console.log(JSON.stringify({ bun: Bun.version }));
} else {
  const open = { sid: "e", upgrades: [], pingInterval: 25000, pingTimeout: 20000, maxPayload: 1e6 };
  const server = Bun.serve({
    port,
    hostname: "127.0.0.1",
    fetch: (request, server) =>
      server.upgrade(request) ? undefined : new Response(null, { status: 400 }),
    websocket: {
      idleTimeout: 120,
      open: (socket) => socket.send(`0${JSON.stringify(open)}`),
      message: (socket, text) => onMessage(socket, text, server),
    },
  });
}
