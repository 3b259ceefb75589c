import { unlinkSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import type { KeeperAnswer, KeeperQuestion, KeptServer } from "./kept-messages.ts";

// The supervisor imports this file, so this file imports nothing but node: modules and files of this folder (see supervisor.ts).

/** A server that outlives the run that started it. */
export interface KeepTask {
  /** Path of the socket at which the server can be asked for; only the user can enter its folder. */
  readonly socket: string;
  /** Time (ms) for which the server is kept while nobody uses it. */
  readonly ms: number;
  readonly server: KeptServer;
}

/** Gives a kept server to one user at a time, and ends it when nobody has used it for long enough. */
export interface Keeper {
  /** Begins to answer at the socket. Does nothing when another keeper answers there. */
  readonly listen: () => void;
  /** Ends the use by the run that started the server. Gives false when the server is not kept, because another one is. */
  readonly release: () => Promise<boolean>;
  /** Removes the socket. */
  readonly close: () => void;
}

/**
 * Creates a keeper. The connection of a user is its lease: the kernel closes it however the user ends, by `kill -9` too. `onOver` is
 * called when the time is over, or when the server is asked to stop; `now` gives the monotonic time, ms.
 */
export function createKeeper(
  { socket, ms, server }: KeepTask,
  { now, onOver }: { readonly now: () => number; readonly onOver: () => void },
): Keeper {
  let keepMs = ms;
  let user: "starter" | Socket | null = "starter";
  let timer: NodeJS.Timeout | undefined;
  let endsAt = 0;
  const free = (): void => {
    user = null;
    endsAt = now() + keepMs;
    timer = setTimeout(onOver, keepMs);
  };
  const lend = (connection: Socket, ms: number): KeeperAnswer => {
    if (user !== null) return { given: false, server, endsInMs: null };
    clearTimeout(timer);
    keepMs = ms;
    user = connection;
    connection.once("close", free);
    return { given: true, server, endsInMs: null };
  };
  const answer = (connection: Socket, question: KeeperQuestion): KeeperAnswer => {
    switch (question.ask) {
      case "state":
        return { given: false, server, endsInMs: user === null ? endsAt - now() : null };
      case "lease":
        return lend(connection, question.keepMs);
      case "stop": {
        const isMine = user === null || user === connection;
        if (isMine) setImmediate(onOver);
        return { given: isMine, server, endsInMs: null };
      }
      default:
        return question satisfies never;
    }
  };
  const listener = createServer((connection) => {
    let text = "";
    connection.on("error", () => {});
    connection.setEncoding("utf8").on("data", (part: string) => {
      const lines = (text + part).split("\n");
      text = lines.pop() ?? "";
      for (const line of lines) {
        connection.write(`${JSON.stringify(answer(connection, JSON.parse(line) as KeeperQuestion))}\n`);
      }
    });
  });
  let listening = Promise.resolve(false);
  const tryToListen = (): Promise<boolean> =>
    new Promise((resolve) => {
      listener.once("error", () => resolve(false));
      listener.listen(socket, () => resolve(true));
    });
  const listen = async (): Promise<boolean> => {
    if (await tryToListen()) return true;
    // A socket whose keeper was killed is left behind, and nobody answers there.
    if (await answers(socket)) return false;
    remove(socket);
    return tryToListen();
  };
  return {
    listen: () => {
      listening = listen();
    },
    release: async () => {
      const isKept = await listening;
      if (isKept) free();
      return isKept;
    },
    close: () => {
      if (listener.listening) remove(socket);
    },
  };
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(path);
    probe.once("connect", () => {
      probe.destroy();
      resolve(true);
    });
    probe.once("error", () => resolve(false));
  });
}

function remove(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // It is gone already.
  }
}
