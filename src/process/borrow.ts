import { connect } from "node:net";
import type { KeeperAnswer, KeeperQuestion, KeptServer } from "./kept-messages.ts";

/** A kept server that this process alone may use until it gives it back or ends. */
export interface ServerLease {
  readonly server: KeptServer;
  /** Resolves when the server or its keeper has ended, or when the lease was given back. */
  readonly ended: Promise<void>;
  /** Gives the server back; it goes on for as long as it is kept. */
  readonly giveBack: () => void;
  /** Stops the server. */
  readonly stop: () => Promise<void>;
}

/**
 * Borrows the server at a socket; "none" when there is none, "busy" when somebody else uses it. `keepMs` is the time (ms) for which it is
 * kept afterwards.
 */
export async function borrow(socket: string, keepMs: number): Promise<ServerLease | "none" | "busy"> {
  const connection = await openConnection(socket, { ask: "lease", keepMs });
  if (connection === null) return "none";
  const { answer, ended, send, close } = connection;
  if (!answer.given) {
    close();
    return "busy";
  }
  const stop = async (): Promise<void> => {
    send({ ask: "stop" });
    await ended;
  };
  return { server: answer.server, ended, giveBack: close, stop };
}

/** Asks the server at a socket once; null when nobody answers there. */
export async function askKept(socket: string, question: KeeperQuestion): Promise<KeeperAnswer | null> {
  const connection = await openConnection(socket, question);
  connection?.close();
  return connection?.answer ?? null;
}

/** A keeper is on this machine and has nothing else to do, so it answers within this time (ms) or not at all. */
const ANSWER_MS = 5_000;

interface Connection {
  readonly answer: KeeperAnswer;
  readonly ended: Promise<void>;
  readonly send: (question: KeeperQuestion) => void;
  readonly close: () => void;
}

async function openConnection(path: string, question: KeeperQuestion): Promise<Connection | null> {
  const socket = connect(path);
  const ended = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  const send = (asked: KeeperQuestion): void => void socket.write(`${JSON.stringify(asked)}\n`);
  const line = new Promise<string | null>((resolve) => {
    let text = "";
    socket.on("error", () => resolve(null));
    socket.once("close", () => resolve(null));
    socket.setTimeout(ANSWER_MS, () => resolve(null));
    socket.setEncoding("utf8").on("data", (part: string) => {
      text += part;
      if (text.includes("\n")) resolve(text.slice(0, text.indexOf("\n")));
    });
  });
  send(question);
  const found = await line;
  socket.setTimeout(0);
  if (found === null) {
    socket.destroy();
    return null;
  }
  // A lease must not keep the process alive.
  socket.unref();
  return { answer: JSON.parse(found) as KeeperAnswer, ended, send, close: () => socket.destroy() };
}
