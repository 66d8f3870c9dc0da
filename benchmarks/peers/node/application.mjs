// The benchmark's application on socket.io: see benchmarks/README.md for its events. Node and Bun
// share this file.
const TOKEN = { text: "token " };
const TICK_MS = 20; // between the deltas of a stream

function produce(send, seconds) {
  let due = performance.now();
  const end = due + seconds * 1000;
  const step = () => {
    send();
    due += TICK_MS;
    if (due < end) {
      setTimeout(step, Math.max(0, due - performance.now()));
    }
  };
  step();
}

function hold(seconds) {
  const end = performance.now() + seconds * 1000;
  while (performance.now() < end);
}

export function addHandlers(io) {
  const inside = new Set();

  io.on("connection", (socket) => {
    inside.add(socket);
    socket.on("disconnect", () => inside.delete(socket));
    socket.on("population", (answer) => answer(inside.size));
    socket.on("echo", (data, answer) => answer(data));
    socket.on("one", (data) => io.to(socket.id).emit("news", data));
    socket.on("join", (answer) => {
      socket.join("everybody");
      answer();
    });
    socket.on("spread", (data) => io.to("everybody").emit("news", data));
    socket.on("stream", (seconds) => produce(() => socket.emit("delta", TOKEN), seconds));
    socket.on("tick", (seconds) => {
      const all = [...inside];
      produce(() => {
        for (const one of all) {
          one.emit("delta", TOKEN);
        }
      }, seconds);
    });
    socket.on("hold", (seconds, answer) => {
      hold(seconds);
      answer(seconds);
    });
  });
}

// PORT [PING_INTERVAL], the latter in seconds
export function options(argv) {
  return { port: Number(argv[2]), pingInterval: Number(argv[3] ?? 25) * 1000 };
}
