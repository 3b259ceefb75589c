import type { Setting } from "../../src/concurrency/setting.ts";
import { seeded } from "../helpers/random.ts";

/** An engine of a shape: a front end that takes requests one after another, and a device that computes in steps. */
export interface Shape {
  /** ms of the front end for each request, and for each prompt in it. */
  readonly requestMs: number;
  readonly promptMs: number;
  /** ms of each step of the device, and for each token computed in it. */
  readonly stepMs: number;
  readonly tokenMs: number;
  /** Tokens that one step may compute. */
  readonly stepTokens: number;
  /** Tokens of prompts that fit into the cache; prompts beyond them are preempted and computed again. */
  readonly cacheTokens: number;
  /** Relative noise of a step. */
  readonly noise: number;
  /** Factor by which the device is slower at a time (ms); 1 when left out. */
  readonly slowdown?: (now: number) => number;
}

/** Decides how many requests are in flight, and receives what the engine answers. */
export interface Client {
  readonly setting: () => Setting;
  readonly answered: (request: { startedAt: number; finishedAt: number; rows: number; tokens: number }) => void;
  /** Called every two seconds. */
  readonly poll?: (
    load: { running: number; waiting: number; kvCacheUsage: number; preemptions: number },
    now: number,
  ) => void;
}

interface Request {
  readonly startedAt: number;
  readonly tokens: number;
  readonly rows: number;
  left: number;
}
interface Prompt {
  readonly request: Request;
  readonly tokens: number;
  left: number;
}

interface Step {
  readonly end: number;
  readonly prompts: readonly Prompt[];
}

const POLL_MS = 2_000;

/** Runs rows of these lengths through an engine; returns the time (ms) of each answer, in the order of the answers. */
export function simulate(shape: Shape, lengths: readonly number[], client: Client, seed: number): Float64Array {
  const random = seeded(seed);
  const done = new Float64Array(lengths.length);
  const front: { at: number; prompts: Prompt[] }[] = [];
  const waiting: Prompt[] = [];
  let step: Step | null = null;
  let [sent, answered, inFlight, heldTokens, frontFree, preemptions, polledAt, now] = [0, 0, 0, 0, 0, 0, 0, 0];

  const send = (): void => {
    for (;;) {
      const { concurrency, promptsPerRequest } = client.setting();
      if (inFlight >= concurrency || sent === lengths.length) return;
      const batch = lengths.slice(sent, sent + promptsPerRequest);
      sent += batch.length;
      inFlight += 1;
      const tokens = batch.reduce((sum, length) => sum + length, 0);
      heldTokens += tokens;
      const request = { startedAt: now, tokens, rows: batch.length, left: batch.length };
      frontFree = Math.max(frontFree, now) + shape.requestMs + shape.promptMs * batch.length;
      front.push({ at: frontFree, prompts: batch.map((length) => ({ request, tokens: length, left: length })) });
    }
  };
  const begin = (): void => {
    if (step !== null || waiting.length === 0) return;
    let room = shape.stepTokens;
    let tokens = 0;
    const prompts: Prompt[] = [];
    for (const prompt of waiting) {
      if (room <= 0) break;
      const part = Math.min(room, prompt.left);
      prompt.left -= part;
      room -= part;
      tokens += part;
      prompts.push(prompt);
    }
    const excess = Math.max(0, heldTokens / shape.cacheTokens - 1);
    preemptions += Math.ceil(excess * prompts.length);
    const noise = 1 + shape.noise * (2 * random() - 1);
    const ms =
      (shape.stepMs + shape.tokenMs * tokens) *
      (excess > 0 ? 1.5 + 2 * excess : 1) *
      noise *
      (shape.slowdown?.(now) ?? 1);
    step = { end: now + ms, prompts };
  };
  const finish = (prompts: readonly Prompt[]): void => {
    for (const prompt of prompts) {
      if (prompt.left > 0) continue;
      waiting.splice(waiting.indexOf(prompt), 1);
      done[answered] = now;
      answered += 1;
      prompt.request.left -= 1;
      if (prompt.request.left > 0) continue;
      inFlight -= 1;
      heldTokens -= prompt.request.tokens;
      const { startedAt, rows, tokens } = prompt.request;
      client.answered({ startedAt, finishedAt: now, rows, tokens });
      send();
    }
  };

  send();
  while (answered < lengths.length) {
    const computed = current(step);
    now = Math.min(front[0]?.at ?? Number.POSITIVE_INFINITY, computed?.end ?? Number.POSITIVE_INFINITY);
    while ((front[0]?.at ?? Number.POSITIVE_INFINITY) <= now) waiting.push(...(front.shift()?.prompts ?? []));
    if (computed !== null && computed.end <= now) {
      step = null;
      finish(computed.prompts);
    }
    begin();
    if (now >= polledAt + POLL_MS) {
      polledAt = now;
      const running = current(step)?.prompts.length ?? 0;
      const kvCacheUsage = Math.min(1, heldTokens / shape.cacheTokens);
      client.poll?.({ running, waiting: waiting.length - running, kvCacheUsage, preemptions }, now);
      send();
    }
  }
  return done;
}

/** Hides from the compiler that `step` was last assigned null in this scope: only inner functions assign it. */
function current(step: Step | null): Step | null {
  return step;
}
