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
  /** Tokens of prompts that fit into the cache; what exceeds them is thrown out and computed again. */
  readonly cacheTokens: number;
  /** Relative noise of a step. */
  readonly noise: number;
  /** How much slower the device is at a time (ms); 1 without it. */
  readonly drift?: (now: number) => number;
}

/** Who decides what is in flight. */
export interface Client {
  readonly setting: () => Setting;
  readonly answered: (request: { startedAt: number; finishedAt: number; rows: number; tokens: number }) => void;
  /** Called every two seconds. */
  readonly look?: (
    load: { running: number; waiting: number; kvCacheUsage: number; preemptions: number },
    now: number,
  ) => void;
}

interface Flight {
  readonly startedAt: number;
  readonly tokens: number;
  readonly rows: number;
  left: number;
}
interface Prompt {
  readonly flight: Flight;
  readonly tokens: number;
  left: number;
}

interface Step {
  readonly end: number;
  readonly prompts: readonly Prompt[];
}

const LOOK_MS = 2_000;

/** Runs rows of these lengths through an engine; gives the time (ms) at which each row, in order of answers, was there. */
export function simulate(shape: Shape, lengths: readonly number[], client: Client, seed: number): Float64Array {
  const random = seeded(seed);
  const done = new Float64Array(lengths.length);
  const front: { at: number; prompts: Prompt[] }[] = [];
  const waiting: Prompt[] = [];
  let step: Step | null = null;
  let [sent, answered, inFlight, held, frontFree, preemptions, looked, now] = [0, 0, 0, 0, 0, 0, 0, 0];

  const launch = (): void => {
    for (;;) {
      const { concurrency, promptsPerRequest } = client.setting();
      if (inFlight >= concurrency || sent === lengths.length) return;
      const batch = lengths.slice(sent, sent + promptsPerRequest);
      sent += batch.length;
      inFlight += 1;
      const tokens = batch.reduce((sum, length) => sum + length, 0);
      held += tokens;
      const flight = { startedAt: now, tokens, rows: batch.length, left: batch.length };
      frontFree = Math.max(frontFree, now) + shape.requestMs + shape.promptMs * batch.length;
      front.push({ at: frontFree, prompts: batch.map((length) => ({ flight, tokens: length, left: length })) });
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
    const excess = Math.max(0, held / shape.cacheTokens - 1);
    preemptions += Math.ceil(excess * prompts.length);
    const noise = 1 + shape.noise * (2 * random() - 1);
    const ms =
      (shape.stepMs + shape.tokenMs * tokens) * (excess > 0 ? 1.5 + 2 * excess : 1) * noise * (shape.drift?.(now) ?? 1);
    step = { end: now + ms, prompts };
  };
  const finish = (prompts: readonly Prompt[]): void => {
    for (const prompt of prompts) {
      if (prompt.left > 0) continue;
      waiting.splice(waiting.indexOf(prompt), 1);
      done[answered] = now;
      answered += 1;
      prompt.flight.left -= 1;
      if (prompt.flight.left > 0) continue;
      inFlight -= 1;
      held -= prompt.flight.tokens;
      const { startedAt, rows, tokens } = prompt.flight;
      client.answered({ startedAt, finishedAt: now, rows, tokens });
      launch();
    }
  };

  launch();
  while (answered < lengths.length) {
    const computed = current(step);
    now = Math.min(front[0]?.at ?? Number.POSITIVE_INFINITY, computed?.end ?? Number.POSITIVE_INFINITY);
    while ((front[0]?.at ?? Number.POSITIVE_INFINITY) <= now) waiting.push(...(front.shift()?.prompts ?? []));
    if (computed !== null && computed.end <= now) {
      step = null;
      finish(computed.prompts);
    }
    begin();
    if (now >= looked + LOOK_MS) {
      looked = now;
      const running = current(step)?.prompts.length ?? 0;
      const kvCacheUsage = Math.min(1, held / shape.cacheTokens);
      client.look?.({ running, waiting: waiting.length - running, kvCacheUsage, preemptions }, now);
      launch();
    }
  }
  return done;
}

/** The compiler takes a variable that only inner functions set for null. */
function current(step: Step | null): Step | null {
  return step;
}
