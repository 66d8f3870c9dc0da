// The shared document: CodeMirror, Yjs, and npm's y-socket.io between here and the server.

import {
  Doc, EditorState, EditorView, GFM, HighlightStyle, Language, SocketIOProvider, UndoManager,
  defaultKeymap, defineLanguageFacet, drawSelection, keymap, markdownParser,
  placeholder, syntaxHighlighting, tags, yCollab, yUndoManagerKeymap,
} from "./vendor/editor.js";
import { $, colour, paleColour, say } from "./dom.js";
import { PATH, me, signOut, token } from "./session.js";

const markdown = new Language(defineLanguageFacet(), markdownParser.configure(GFM), [], "markdown");

const look = HighlightStyle.define([
  { tag: tags.heading1, class: "md-h1" },
  { tag: tags.heading2, class: "md-h2" },
  { tag: tags.heading, class: "md-h3" },
  { tag: tags.strong, class: "md-strong" },
  { tag: tags.emphasis, class: "md-em" },
  { tag: tags.strikethrough, class: "md-del" },
  { tag: [tags.monospace, tags.url], class: "md-code" },
  { tag: tags.quote, class: "md-quote" },
  { tag: tags.processingInstruction, class: "md-mark" },
]);

let open = null; // {provider, view, doc}

export function openDocument(room) {
  closeDocument();
  const doc = new Doc();
  const text = doc.getText("text");
  const provider = new SocketIOProvider(
    location.origin,
    room,
    doc,
    { auth: { token: token() }, autoConnect: false, disableBc: true }, // windows meet at the server
    { path: PATH, forceNew: false }, // a namespace of the connection that the chat has
  );
  provider.awareness.setLocalStateField("user", {
    name: me(),
    color: colour(me()),
    colorLight: paleColour(me()),
  });
  const undo = new UndoManager(text);
  const view = new EditorView({
    parent: $("editor"),
    state: EditorState.create({
      doc: text.toString(),
      extensions: [
        keymap.of([...yUndoManagerKeymap, ...defaultKeymap]),
        EditorView.lineWrapping,
        EditorView.contentAttributes.of({ "aria-label": "Shared document", spellcheck: "false" }),
        drawSelection(),
        markdown,
        syntaxHighlighting(look),
        placeholder("Nothing here yet. Begin, and everybody in the room sees it.\n\n# Headings, **bold** and lists are welcome"),
        yCollab(text, provider.awareness, { undoManager: undo }),
      ],
    }),
  });
  open = { provider, view, doc, forget: tellWhatIsKept(provider) };
  $("editor").classList.remove("ready");
  provider.once("sync", () => $("editor").classList.add("ready")); // no flash of an empty page
  provider.connect();
}

export function closeDocument() {
  if (!open) return;
  const { provider, view, doc, forget } = open;
  open = null;
  forget();
  provider.awareness.setLocalState(null); // the cursor goes before the connection does
  provider.destroy();
  const { socket } = provider;
  socket.disconnect(); // destroy() leaves it be while it tries to connect
  socket.removeAllListeners();
  delete socket.io.nsps[socket.nsp]; // who comes back gets a new one, not this one's leftovers
  view.destroy();
  doc.destroy();
}

// Below the document: whether the server has all of it. Returns what ends that.
function tellWhatIsKept(provider) {
  const { socket } = provider;
  let waiting = 0;
  const show = () => {
    const state = !provider.synced ? "offline" : waiting ? "saving" : "saved";
    $("saved").dataset.state = state;
    $("saved").textContent = {
      offline: "Offline: what you write waits here",
      saving: "Saving…",
      saved: "Saved",
    }[state];
  };

  // The provider asks for no acknowledgement, but the server gives one: the update is in the file.
  const emit = socket.emit.bind(socket);
  socket.emit = (event, ...args) => {
    if (event !== "sync-update" || !socket.connected) return emit(event, ...args);
    waiting += 1;
    show();
    return emit(event, ...args, () => {
      waiting -= 1;
      show();
    });
  };
  provider.on("sync", (synced) => {
    if (!synced) waiting = 0; // nobody will acknowledge it any more
    // An update of nothing is acknowledged when all that was synced before it is in the file.
    else socket.emit("sync-update", new Uint8Array([0, 0]));
    show();
  });
  // What was written meanwhile comes by the next sync, so it need not be sent a second time.
  const back = () => (socket.sendBuffer = []);
  socket.io.on("reconnect", back);
  socket.on("sync-nack", ({ detail, reason }) => say(`The document was not changed: ${detail || reason}`));
  provider.on("connection-error", (error) => {
    if (!socket.active) signOut(error.message);
  });
  show();
  return () => socket.io.off("reconnect", back);
}
