import type { Config } from "../../../src/config/config.ts";
import { RequestError } from "../../../src/engine/client/request-error.ts";
import type { Engine } from "../../../src/engine/engine.ts";
import { AbtieError } from "../../../src/errors.ts";
import type { JobParts } from "../../../src/job/parts.ts";
import { createEngineModel, type EngineSettings, type ModelRequest } from "../engine-model.ts";
import type { Random } from "../random.ts";
import { answerTo, cardOf, type Given, keyOfPrompt, LABEL_IDS, MAX_MODEL_LEN, type Model, nameOf } from "./answers.ts";
import { connectionError, errorOf, KINDS, type ServerFault } from "./server-faults.ts";
import { append, increment, type ServerRecord } from "./server-record.ts";
import { clockOf, type Process, type World } from "./world.ts";

/** A server of a scenario. */
export interface ServerPlan {
  readonly settings: Omit<EngineSettings, "hangs" | "slowness">;
  readonly faults: readonly ServerFault[];
  /** Share of the requests that fail with a kind drawn at random. */
  readonly errors: number;
  /** Share of the requests of which the server ignores the abort. */
  readonly stubborn: number;
  /** Slowness (a factor) from a time on. */
  readonly slowness: readonly { readonly at: number; readonly factor: number }[];
}

interface Request extends ModelRequest {
  readonly process: Process;
  readonly answer: () => void;
  readonly fail: (error: unknown) => void;
}

/** Makes the servers of a world, as the openers that a process has for them. */
export function createServers(options: {
  readonly world: World;
  readonly plans: readonly ServerPlan[];
  /** Begins the name of each server. */
  readonly prefix?: string;
  readonly random: Random;
  readonly poison: ReadonlySet<number>;
  /** True when no server misbehaves any more. */
  readonly isCalm: () => boolean;
  /** The model that is served from then on: the one of which the job has answers. */
  readonly calmModel: () => Model;
}): {
  readonly record: ServerRecord;
  readonly openersOf: (process: Process, isSpawned: boolean) => JobParts["engineOpeners"];
  /** A process has ended: its requests are cancelled. */
  readonly hangUp: (process: Process) => void;
} {
  const { world, plans, prefix = "server", random, poison, isCalm, calmModel } = options;
  const record: ServerRecord = {
    given: new Map(),
    asked: new Map(),
    requests: new Map(),

    lists: new Map(),
  };
  const servers = plans.map((plan, index) =>
    createServer(world, plan, `${prefix} ${index + 1}`, random, poison, record, isCalm, calmModel),
  );
  return {
    record,
    hangUp: (process) => {
      for (const server of servers) server.hangUp(process);
    },
    openersOf: (process, isSpawned) => (given) =>
      servers.map((server) => server.openerFor(process, isSpawned, given.config, given.probe)),
  };
}

const FAST_MS = 5;

function createServer(
  world: World,
  plan: ServerPlan,
  name: string,
  random: Random,
  poison: ReadonlySet<number>,
  record: ServerRecord,
  isCalm: () => boolean,
  calmModel: () => Model,
) {
  const deaths = plan.faults.filter((fault) => fault.kind === "death");
  const active = (): readonly ServerFault[] =>
    isCalm() ? [] : plan.faults.filter(({ at, ms }) => world.now() >= at && world.now() < at + ms);
  const isDown = (): boolean => active().some(({ kind }) => kind === "death");
  let firstOpenedAt = Number.POSITIVE_INFINITY;
  /** The model that answers now. It is another one only after the job has known the first. */
  const model = (): Model => {
    if (isCalm()) return calmModel();
    const past = deaths.filter(({ at, otherModel }) => otherModel !== null && at > firstOpenedAt && at <= world.now());
    const last = past.at(-1)?.otherModel ?? null;
    return last === null ? "judge" : `other ${last}`;
  };
  const machine = createEngineModel<Request>(
    {
      ...plan.settings,
      hangs: plan.faults.filter(({ kind }) => kind === "hang"),
      slowness: (at) => plan.slowness.reduce((factor, slow) => (at >= slow.at ? slow.factor : factor), 1),
    },
    random,
  );
  let wakeAt = Number.POSITIVE_INFINITY;
  const turn = (): void => {
    while (machine.busyUntil() <= world.now()) for (const request of machine.finish()) request.answer();
    schedule();
  };
  const schedule = (): void => {
    const next = machine.busyUntil();
    if (next === Number.POSITIVE_INFINITY || next === wakeAt) return;
    wakeAt = next;
    world.at(next, null, () => {
      if (wakeAt === next) wakeAt = Number.POSITIVE_INFINITY;
      turn();
    });
  };
  const diedBy = new Map<Process, AbortController>();
  const inFlight = new Set<Request>();
  for (const { at } of deaths) {
    world.at(at, null, () => {
      if (isCalm()) return;
      world.trace(`${name} dies`);
      machine.restart(world.now());
      for (const request of [...inFlight]) request.fail(connectionError());
      for (const [process, controller] of diedBy) {
        diedBy.delete(process);
        world.at(world.now() + FAST_MS, process, () =>
          controller.abort(new AbtieError("engine", `the process of ${name} has ended`)),
        );
      }
    });
  }

  /** Draws the error with which a request fails at once; null for an answer. */
  const refusalOf = (prompts: readonly (readonly number[])[]): RequestError | null => {
    if (isDown()) return connectionError();
    for (const fault of active()) {
      if (fault.kind === "storm" && random.chance(fault.share)) return errorOf(fault.error, fault.retryAfterMs);
      if (fault.kind === "refusal") {
        return new RequestError("bad-request", `${fault.status} refused`, { status: fault.status });
      }
      if (fault.kind === "small-requests" && prompts.length > fault.prompts) {
        return new RequestError("bad-request", "413 Request Entity Too Large", { status: 413 });
      }
    }
    if (prompts.some(([row = 0]) => poison.has(row - 100))) {
      return new RequestError("too-long", "400 the prompt is longer than the model accepts", { status: 400 });
    }
    return !isCalm() && random.chance(plan.errors)
      ? errorOf(KINDS[Math.floor(random.uniform() * KINDS.length)] ?? "server", null)
      : null;
  };

  const scoreFor =
    (process: Process): Engine["score"] =>
    (prompts, _ids, signal) =>
      new Promise((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason);
        record.requests.set(process, (record.requests.get(process) ?? 0) + 1);
        for (const prompt of prompts) increment(record.asked, keyOfPrompt(prompt));
        const isStubborn = !isCalm() && random.chance(plan.stubborn);
        const end = (then: () => void, after = 0): void => {
          if (!inFlight.delete(request)) return;
          machine.cancel(request);
          const arrive = (): void => {
            signal.removeEventListener("abort", onAbort);
            then();
          };
          world.at(world.now() + after, process, arrive, !(isStubborn && signal.aborted));
        };
        const request: Request = {
          process,
          lengths: prompts.map(({ length }) => length),
          answer: () => {
            const by = model();
            const answers = prompts.map((prompt) => answerTo(prompt, by, random));
            end(() => {
              for (const [at, prompt] of prompts.entries()) {
                const given = { model: by, logProbs: answers[at] as Given["logProbs"] };
                append(record.given, keyOfPrompt(prompt), given);
              }
              world.trace(`${process.name} gets ${prompts.map(keyOfPrompt).join(", ")} from ${name} (${by})`);
              resolve(
                answers.map((logProbs) => ({
                  logProbs: new Map(LABEL_IDS.map((id, label) => [id, logProbs[label] as number])),
                  bound: null,
                  absolute: true,
                })),
              );
            });
          },
          fail: (error) => end(() => reject(error), FAST_MS * random.uniform()),
        };
        const onAbort = (): void => {
          if (!isStubborn) end(() => reject(signal.reason), FAST_MS * random.uniform());
        };
        inFlight.add(request);
        signal.addEventListener("abort", onAbort, { once: true });
        const refusal = refusalOf(prompts);
        world.trace(
          `${process.name} asks ${name} for ${prompts.length}${refusal === null ? "" : `: ${refusal.message}`}`,
        );
        if (refusal !== null) request.fail(refusal);
        else {
          machine.submit(request, world.now());
          schedule();
        }
      });

  return {
    hangUp: (process: Process): void => {
      diedBy.delete(process);
      for (const request of inFlight) {
        if (request.process !== process) continue;
        inFlight.delete(request);
        machine.cancel(request);
      }
    },
    openerFor: (
      process: Process,
      isSpawned: boolean,
      config: Config,
      probe: Parameters<JobParts["engineOpeners"]>[0]["probe"],
    ): ReturnType<JobParts["engineOpeners"]>[number] => {
      const clock = clockOf(world, process);
      const open =
        (limitMs: number) =>
        async (signal: AbortSignal): Promise<Engine> => {
          signal.throwIfAborted();
          world.trace(`${process.name} opens ${name}`);
          const until = world.now() + limitMs;
          if (isSpawned) await clock.sleep(plan.settings.startMs, signal);
          while (isDown()) {
            // A process that was started fails at once; a server of somebody else is polled.
            if (isSpawned) throw new AbtieError("engine", `${name} ended while it was starting`);
            if (world.now() >= until) throw new AbtieError("engine", `${name} does not answer`);
            await clock.sleep(Math.min(2_000, until - world.now() + 1), signal);
          }
          await probe({
            tokenize: async () => [1],
            detokenize: async () => "",
            maxModelLen: MAX_MODEL_LEN,
            ask: () => Promise.reject(new Error("a simulated server takes label questions alone")),
          });
          const served = model();
          firstOpenedAt = Math.min(firstOpenedAt, world.now());
          const died = new AbortController();
          if (isSpawned) diedBy.set(process, died);
          world.trace(`${process.name} has opened ${name} (${served})`);
          return {
            baseUrl: `http://${name}`,
            model: nameOf(served),
            served: cardOf(served),
            answersAs: nameOf(served),
            version: "1",
            maxModelLen: MAX_MODEL_LEN,
            method: "logprob_token_ids",
            tried: [],
            died: died.signal,
            logFile: null,
            score: async (prompts, ids, own, salt) => {
              const answers = await scoreFor(process)(prompts, ids, own, salt);
              // An answer bears the name of its model, and says nothing of its weights.
              if (nameOf(model()) !== nameOf(served))
                throw new RequestError("wrong-model", `the answer is from ${model()}`);
              return answers;
            },
            post: () => Promise.reject(new Error("a simulated server takes label questions alone")),
            tokenize: async () => [1],
            detokenize: async () => "",
            metrics: async () => null,
            listed: async (own) => {
              record.lists.set(process, (record.lists.get(process) ?? 0) + 1);
              await clock.sleep(FAST_MS, own);
              if (isDown()) throw connectionError();
              // A storm that spares nothing hits the list too.
              for (const fault of active())
                if (fault.kind === "storm" && fault.share === 1) throw errorOf(fault.error, null);
              return cardOf(model());
            },
            [Symbol.asyncDispose]: async () => {
              diedBy.delete(process);
              if (isSpawned) await clock.sleep(100);
            },
          };
        };
      return {
        name,
        open: open(config.engine.kind === "spawn" ? config.engine.readyMs : 10_000),
        reopen: open(900_000),
      };
    },
  };
}
