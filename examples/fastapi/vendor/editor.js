// What the page needs of npm, in one file: CodeMirror, Yjs, their binding, and Socket.IO.
// The parts are put together in static/document.js, which nobody has to build.
export { io } from "socket.io-client";
export { SocketIOProvider } from "y-socket.io";
export { yCollab, yUndoManagerKeymap } from "y-codemirror.next";
export { Doc, UndoManager } from "yjs";

export { defaultKeymap } from "@codemirror/commands";
export {
  HighlightStyle,
  Language,
  defineLanguageFacet,
  syntaxHighlighting,
} from "@codemirror/language";
export { EditorState } from "@codemirror/state";
export { EditorView, drawSelection, keymap, placeholder } from "@codemirror/view";
export { tags } from "@lezer/highlight";
export { GFM, parser as markdownParser } from "@lezer/markdown";
