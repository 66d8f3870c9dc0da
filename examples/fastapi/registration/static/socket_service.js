// The page's one connection. Whoever needs it is given this object.
import { io } from "/vendor/editor.js";

export class SocketService {
  constructor() {
    this.socket = io({ path: "/llamaproxws", transports: ["websocket"] });
  }

  // The data of an answer; throws what the server refuses with.
  async ask(event, ...data) {
    const answer = await this.socket.timeout(5000).emitWithAck(event, ...data);
    if (!answer.success) throw new Error(answer.error);
    return answer;
  }
}
