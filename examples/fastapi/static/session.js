// Who we are, and the one Socket.IO connection.

import { io } from "./vendor/editor.js";
import { $, say } from "./dom.js";

export const PATH = "/ws/socket.io";
const ANSWER_WITHIN = 10_000; // ms

// Of this tab: two windows may be two people.
let signedIn = JSON.parse(sessionStorage.getItem("session") ?? "null"); // {token, name}

export const me = () => signedIn?.name;
export const token = () => signedIn?.token;

export const socket = io({
  path: PATH,
  autoConnect: false,
  transports: ["websocket", "polling"],
  tryAllTransports: true,
  reconnectionDelayMax: 2000,
  auth: (give) => give({ token: token() }),
});

let whenOut = () => {};

export function signOut(why = "") {
  sessionStorage.removeItem("session");
  signedIn = null;
  whenOut();
  socket.disconnect();
  $("app").hidden = true;
  $("welcome").hidden = false;
  $("refused").textContent = why;
  $("name").focus();
}

// `enter` is called whenever somebody has signed in, `leave` when not any more.
export function startSession(enter, leave) {
  whenOut = leave;
  const begin = () => {
    $("welcome").hidden = true;
    $("app").hidden = false;
    showConnection();
    socket.connect();
    enter();
  };

  $("sign-in").addEventListener("submit", async (event) => {
    event.preventDefault();
    $("refused").textContent = "";
    try {
      const answer = await fetch("/login", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ name: $("name").value }),
      });
      const said = await answer.json();
      if (!answer.ok) throw new Error(typeof said.detail === "string" ? said.detail : "That did not work.");
      signedIn = said;
      sessionStorage.setItem("session", JSON.stringify(said));
      begin();
    } catch (error) {
      $("refused").textContent = error instanceof TypeError ? "The server cannot be reached." : error.message;
    }
  });

  if (signedIn) begin();
  else signOut();
}

// The server's answer, or nothing after showing what went wrong.
export async function ask(event, ...args) {
  try {
    const answer = await socket.timeout(ANSWER_WITHIN).emitWithAck(event, ...args);
    if (!answer?.error) return answer ?? {};
    say(answer.error);
  } catch {
    say("The server did not answer.");
  }
}

function showConnection() {
  const state = socket.connected ? "online" : "reconnecting";
  $("connection").dataset.state = state;
  $("connection").lastChild.textContent = state;
}

socket.on("error", (problem) => say(String(problem))); // more than a limit allows
socket.on("connect", showConnection);
socket.on("disconnect", showConnection);
socket.on("connect_error", (error) => {
  showConnection();
  if (!socket.active) signOut(error.message); // the server has refused us
});
