import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { keptFolder } from "../config/normalize.ts";
import type { Effects } from "../effects.ts";
import { AbtieError } from "../errors.ts";
import { meansMissing } from "../files/exists.ts";
import { askKept } from "../process/borrow.ts";
import type { KeptServer } from "../process/kept-messages.ts";
import { locateHome } from "../setup/home.ts";

/** A server that outlived its run. `endsInMs` is the time until it stops; null while a run uses it. */
export interface KeptEngine extends KeptServer {
  readonly endsInMs: number | null;
}

/** Lists the servers that runs of this user have left on this machine. */
export async function listKeptEngines({ env }: Pick<Effects, "env">): Promise<readonly KeptEngine[]> {
  const answers = await Promise.all((await socketsIn(env)).map((socket) => askKept(socket, { ask: "state" })));
  return answers.flatMap((answer) => (answer === null ? [] : [{ ...answer.server, endsInMs: answer.endsInMs }]));
}

/**
 * Stops the server with this name, or all for "all", and returns those that stop. Throws AbtieError("config") when there is no server
 * with the name, and AbtieError("engine") when a run uses it.
 */
export async function stopKeptEngines(name: string, { env }: Pick<Effects, "env">): Promise<readonly KeptServer[]> {
  const stopped: KeptServer[] = [];
  const names: string[] = [];
  for (const socket of await socketsIn(env)) {
    const found = await askKept(socket, { ask: "state" });
    if (found === null) continue;
    names.push(found.server.name);
    if (name !== "all" && name !== found.server.name) continue;
    const answer = await askKept(socket, { ask: "stop" });
    if (answer?.given === true) stopped.push(answer.server);
    else if (name !== "all") {
      throw new AbtieError("engine", `a run uses ${name}: it is not stopped; end the run first, or wait for its end`);
    }
  }
  if (name === "all" || names.includes(name)) return stopped;
  const known = names.length === 0 ? "none is kept" : `kept are ${names.join(", ")}`;
  throw new AbtieError("config", `no server named ${name} is kept: ${known}`);
}

async function socketsIn(env: Effects["env"]): Promise<readonly string[]> {
  const folder = keptFolder(locateHome(env));
  const names = await readdir(folder).catch((error: unknown) => {
    if (meansMissing(error)) return [];
    throw error;
  });
  return names.filter((name) => name.endsWith(".sock")).map((name) => join(folder, name));
}
