import type { Random } from "./random.ts";

/** How a modelled server behaves; times in ms, shares as fractions. */
export interface EngineSettings {
  /** Cost of a row, of a token and of a squared token. */
  readonly rowMs: number;
  readonly tokenMs: number;
  readonly squareMs: number;
  /** Prompts are computed together up to so many tokens; each batch costs something by itself. */
  readonly batchTokens: number;
  readonly batchMs: number;
  /** Noise of one batch (lognormal), and a deviation of the speed that lasts (Ornstein-Uhlenbeck). */
  readonly noise: number;
  readonly deviation: number;
  readonly deviationMs: number;
  /** From the call to the first readiness; after it the first batch takes `firstMs` longer, and slowness fades away. */
  readonly startMs: number;
  readonly firstMs: number;
  readonly warmUpShare: number;
  readonly warmUpMs: number;
  /** Time needed relative to normal, at a time: drift and slow phases. */
  readonly slowness: (at: number) => number;
  /** Stretches in which nothing moves, by beginning. */
  readonly hangs: readonly { readonly at: number; readonly ms: number }[];
}

/** One request to the model server. */
export interface ModelRequest {
  readonly lengths: readonly number[];
}

/** A server that takes prompts first come, first served, several at a time, as a prefill-only vLLM does. */
export interface EngineModel<R extends ModelRequest> {
  readonly submit: (request: R, at: number) => void;
  /** When the batch at work ends; infinity when idle. */
  readonly busyUntil: () => number;
  /** Ends the batch at work and gives back the requests that are complete with it. */
  readonly finish: () => R[];
  /** Starts (again) at a time, cold; whatever was in it is given back. */
  readonly restart: (at: number) => R[];
  /** Gives up a request, as a server does whose client hangs up. */
  readonly cancel: (request: R) => void;
}

/** A prompt, or what is left of it. */
interface Prompt<R> {
  readonly request: R;
  readonly length: number;
  readonly left: number;
}

interface Batch<R> {
  readonly ms: number;
  readonly complete: readonly Prompt<R>[];
  readonly queue: Prompt<R>[];
}

export function createEngineModel<R extends ModelRequest>(settings: EngineSettings, random: Random): EngineModel<R> {
  let queue: Prompt<R>[] = [];
  let complete: readonly Prompt<R>[] = [];
  let end = Number.POSITIVE_INFINITY;
  let startedAt = 0;
  let isFirst = true;
  let deviation = random.normal();
  let deviatedAt = 0;
  const open = new Map<R, number>();

  const begin = (at: number): void => {
    if (queue.length === 0) {
      end = Number.POSITIVE_INFINITY;
      return;
    }
    const batch = nextBatch(queue, settings);
    ({ complete, queue } = batch);
    const kept = Math.exp(-(at - deviatedAt) / settings.deviationMs);
    deviation = deviation * kept + Math.sqrt(1 - kept ** 2) * random.normal();
    deviatedAt = at;
    const warmth = 1 + settings.warmUpShare * Math.exp(-(at - startedAt) / settings.warmUpMs);
    const noise = Math.exp(settings.noise * random.normal() - settings.noise ** 2 / 2);
    const ms = batch.ms * noise * Math.exp(settings.deviation * deviation) * warmth * settings.slowness(at);
    end = throughHangs(settings.hangs, at, at + ms + (isFirst ? settings.firstMs : 0));
    isFirst = false;
  };

  return {
    submit: (request, at) => {
      open.set(request, request.lengths.length);
      for (const length of request.lengths) queue.push({ request, length, left: length });
      if (end === Number.POSITIVE_INFINITY) begin(at);
    },
    busyUntil: () => end,
    finish: () => {
      const done: R[] = [];
      for (const { request } of complete) {
        const left = (open.get(request) ?? 0) - 1;
        if (left > 0) open.set(request, left);
        else if (open.delete(request)) done.push(request);
      }
      begin(end);
      return done;
    },
    restart: (at) => {
      const lost = [...open.keys()];
      open.clear();
      [queue, complete, end, startedAt, isFirst] = [[], [], Number.POSITIVE_INFINITY, at, true];
      return lost;
    },
    cancel: (request) => {
      open.delete(request);
      queue = queue.filter((prompt) => prompt.request !== request);
    },
  };
}

/** Takes the first `batchTokens` tokens of the queue, splitting the last prompt (chunked prefill). */
function nextBatch<R>(queue: readonly Prompt<R>[], settings: EngineSettings): Batch<R> {
  const { batchTokens, batchMs, rowMs, tokenMs, squareMs } = settings;
  const complete: Prompt<R>[] = [];
  let room = batchTokens;
  let ms = batchMs;
  for (const [i, prompt] of queue.entries()) {
    const chunk = Math.min(room, prompt.left);
    ms += (rowMs / prompt.length + tokenMs + squareMs * prompt.length) * chunk;
    room -= chunk;
    if (chunk < prompt.left) {
      const rest = { ...prompt, left: prompt.left - chunk };
      return { ms, complete, queue: [rest, ...queue.slice(i + 1)] };
    }
    complete.push(prompt);
  }
  return { ms, complete, queue: [] };
}

/** Moves an end past the hangs on the way. */
function throughHangs(hangs: EngineSettings["hangs"], from: number, end: number): number {
  let moved = end;
  for (const hang of hangs) {
    if (hang.at < moved && hang.at + hang.ms > from) moved += hang.at + hang.ms - Math.max(from, hang.at);
  }
  return moved;
}
