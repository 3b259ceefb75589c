import type { Config } from "../../../src/config/config.ts";
import type { RequestErrorKind } from "../../../src/engine/client/request-error.ts";
import { drawLengths } from "../lengths.ts";
import { createRandom, type Random } from "../random.ts";
import type { DiskFault } from "./disk-faults.ts";
import type { ServerFault } from "./server-faults.ts";
import type { ServerPlan } from "./servers.ts";

/** A job with its disk, its servers, and what is done to it; the same for the same seed. Times are ms from the begin. */
export interface JobScenario {
  readonly seed: number;
  /** Prompt tokens of each row. */
  readonly lengths: readonly number[];
  /** Rows that no server accepts. */
  readonly poison: ReadonlySet<number>;
  readonly orders: Config["orders"];
  readonly isSpawned: boolean;
  /** True when the judge counts tokens without a server. */
  readonly isLocal: boolean;
  readonly concurrency: number | null;
  readonly promptsPerRequest: number | null;
  readonly requestTimeoutMs: number;
  readonly deadlineMs: number | null;
  /** True when the deadline counts from the first start; otherwise every start has its own. */
  readonly isDeadlineShared: boolean;
  readonly onOverrun: "degrade" | "stop";
  readonly servers: readonly ServerPlan[];
  /** The servers of the second of two judges, which abtie starts as it starts those of the first, or finds; null with one judge. */
  readonly second: readonly ServerPlan[] | null;
  readonly disk: { readonly faults: readonly DiskFault[]; readonly isOrdered: boolean };
  readonly deeds: readonly Deed[];
  /** Starts of the job before the last one, to which nothing is done any more. */
  readonly starts: number;
  /** Wait between an end and the next start. */
  readonly pauseMs: number;
}

/** Something that is done to the job; `event` counts events of the world, so that every moment may be hit. */
export type Deed =
  | { readonly event: number; readonly kind: "kill" | "power-cut" | "interrupt" }
  /** SIGSTOP, and SIGCONT after this time. Meanwhile another process may find that nobody renews the lock. */
  | { readonly event: number; readonly kind: "stop"; readonly ms: number; readonly isOvertaken: boolean }
  /** The wall clock is set. */
  | { readonly event: number; readonly kind: "jump"; readonly ms: number }
  /** Another process is started on the same run folder, on this machine or on another one. */
  | { readonly event: number; readonly kind: "second-start"; readonly elsewhere: boolean };

/** Draws the scenario of a seed. About a third of the scenarios have no faults of one kind, so that each kind is seen alone too. */
export function drawJobScenario(seed: number): JobScenario {
  const random = createRandom(seed);
  const rows = Math.round(random.logBetween(2, 90));
  const lengths = drawLengths(random, rows);
  const workMs = random.logBetween(3_000, 240_000);
  const deadlineMs = random.chance(0.7) ? Math.round(workMs * random.logBetween(0.6, 6) + 5_000) : null;
  const isSpawned = random.chance(0.4);
  const servers = Array.from({ length: random.chance(0.6) ? 1 : random.chance(0.7) ? 2 : 3 }, () =>
    drawServer(random, { lengths, workMs, isSpawned, isTroubled: random.chance(0.7) }),
  );
  const isCalm = random.chance(0.3);
  return {
    seed,
    lengths,
    poison: new Set([...lengths.keys()].filter(() => random.chance(0.01))),
    orders: pick(random, ["one", "auto", "both"]),
    isSpawned,
    isLocal: random.chance(0.5),
    concurrency: random.chance(0.5) ? Math.ceil(random.logBetween(1, 16)) : null,
    promptsPerRequest: random.chance(0.5) ? Math.ceil(random.logBetween(1, 8)) : null,
    requestTimeoutMs: Math.round(random.logBetween(2_000, 120_000)),
    deadlineMs,
    isDeadlineShared: random.chance(0.3),
    onOverrun: random.chance(0.8) ? "degrade" : "stop",
    servers,
    second: seed < TWO_JUDGES_FROM ? null : drawSecond(seed, { lengths, workMs, isSpawned }),
    disk: { faults: random.chance(0.5) ? drawDiskFaults(random, workMs) : [], isOrdered: random.chance(0.5) },
    deeds: isCalm ? [] : drawDeeds(random),
    starts: Math.floor(random.between(1, 5)),
    pauseMs: random.chance(0.5) ? random.between(0, 500) : random.between(500, 30_000),
  };
}

/** From this seed on, a job has two judges. The draws of the other seeds do not depend on it. */
export const TWO_JUDGES_FROM = 20_000_001;

function drawSecond(seed: number, drawn: Omit<DrawnServer, "isTroubled">): readonly ServerPlan[] {
  const random = createRandom(seed + 5_000_003);
  const workMs = drawn.workMs * random.logBetween(0.5, 10);
  return Array.from({ length: random.chance(0.8) ? 1 : 2 }, () =>
    drawServer(random, { ...drawn, workMs, isTroubled: random.chance(0.5) }),
  );
}

interface DrawnServer {
  readonly lengths: readonly number[];
  /** Time in which this server alone would do all the work, ms. */
  readonly workMs: number;
  readonly isSpawned: boolean;
  readonly isTroubled: boolean;
}

function drawServer(random: Random, { lengths, workMs, isSpawned, isTroubled }: DrawnServer): ServerPlan {
  const tokens = lengths.reduce((sum, length) => sum + length, 0);
  const perRow = random.between(0, 0.5);
  return {
    settings: {
      rowMs: (perRow * workMs) / lengths.length,
      tokenMs: ((1 - perRow) * workMs) / tokens,
      squareMs: 0,
      batchTokens: random.chance(0.5) ? 2_048 : 8_192,
      batchMs: random.between(1, 20),
      noise: random.between(0, 0.1),
      deviation: random.between(0, 0.1),
      deviationMs: 60_000,
      startMs: random.between(500, 30_000),
      firstMs: random.between(0, 3_000),
      warmUpShare: random.between(0, 0.5),
      warmUpMs: random.between(1_000, 10_000),
    },
    faults: isTroubled ? drawServerFaults(random, workMs, isSpawned) : [],
    errors: isTroubled && random.chance(0.5) ? random.logBetween(0.002, 0.2) : 0,
    stubborn: random.chance(0.3) ? random.between(0.1, 1) : 0,
    slowness: random.chance(0.2) ? [{ at: random.between(0, workMs), factor: random.logBetween(0.3, 6) }] : [],
  };
}

const ERRORS: readonly RequestErrorKind[] = [
  "too-long",
  "bad-request",
  "overloaded",
  "server",
  "connection",
  "timeout",
  "malformed",
];

function drawServerFaults(random: Random, workMs: number, isSpawned: boolean): readonly ServerFault[] {
  const at = (): number => random.between(0, 1.5 * workMs);
  const ms = (): number => random.logBetween(0.01, 0.6) * workMs;
  const year = 365 * 86_400_000;
  const drawn: (ServerFault | false)[] = [
    random.chance(0.3) && { kind: "death", at: at(), ms: ms(), otherModel: null },
    random.chance(0.1) && { kind: "death", at: at(), ms: random.chance(0.5) ? year : ms(), otherModel: null },
    // Only a server of somebody else can get another model, and no weights are loaded in less than five seconds.
    random.chance(isSpawned ? 0 : 0.1) && {
      kind: "death",
      at: at(),
      ms: 5_100 + ms(),
      otherModel: pick(random, ["name", "weights"]),
    },
    random.chance(0.2) && { kind: "hang", at: at(), ms: ms() },
    random.chance(0.3) && {
      kind: "storm",
      at: at(),
      ms: ms(),
      error: pick(random, ERRORS),
      share: random.chance(0.5) ? 1 : random.between(0.1, 0.9),
      retryAfterMs: random.chance(0.6) ? null : random.chance(0.3) ? year : random.logBetween(100, 600_000),
    },
    random.chance(0.1) && { kind: "refusal", at: at(), ms: ms(), status: pick(random, [401, 403, 404, 405]) },
    random.chance(0.1) && { kind: "small-requests", at: 0, ms: year, prompts: Math.ceil(random.logBetween(1, 4)) },
  ];
  return drawn.filter((fault) => fault !== false);
}

function drawDiskFaults(random: Random, workMs: number): readonly DiskFault[] {
  const window = (): { at: number; ms: number } => ({
    at: random.chance(0.2) ? 0 : random.between(0, 1.5 * workMs),
    ms: random.logBetween(0.001, 0.5) * workMs,
  });
  const drawn: (DiskFault | false)[] = [
    random.chance(0.3) && { kind: pick(random, ["full", "quota"]), ...window() },
    random.chance(0.1) && { kind: "read-only", ...window() },
    random.chance(0.3) && { kind: "broken", share: random.chance(0.3) ? 1 : random.logBetween(0.01, 0.5), ...window() },
    random.chance(0.3) && { kind: "slow", factor: random.logBetween(2, 1_000), ...window() },
    random.chance(0.1) && { kind: "stuck", ...window() },
  ];
  return drawn.filter((fault) => fault !== false);
}

function drawDeeds(random: Random): readonly Deed[] {
  const event = (): number => Math.round(random.logBetween(1, 4_000));
  const drawn: (Deed | false)[] = [
    random.chance(0.5) && { kind: "kill", event: event() },
    random.chance(0.2) && { kind: "kill", event: event() },
    random.chance(0.4) && { kind: "power-cut", event: event() },
    random.chance(0.15) && { kind: "power-cut", event: event() },
    random.chance(0.25) && { kind: "interrupt", event: event() },
    random.chance(0.3) && {
      kind: "stop",
      event: event(),
      ms: random.logBetween(100, 120_000),
      isOvertaken: random.chance(0.5),
    },
    random.chance(0.2) && {
      kind: "stop",
      event: event(),
      ms: random.logBetween(100, 120_000),
      isOvertaken: random.chance(0.5),
    },
    random.chance(0.2) && {
      kind: "jump",
      event: event(),
      ms: (random.chance(0.5) ? 1 : -1) * random.logBetween(100, 7_200_000),
    },
    random.chance(0.3) && { kind: "second-start", event: event(), elsewhere: random.chance(0.5) },
    random.chance(0.2) && { kind: "second-start", event: event(), elsewhere: random.chance(0.5) },
  ];
  return drawn.filter((deed) => deed !== false).sort((one, other) => one.event - other.event);
}

function pick<T>(random: Random, values: readonly [T, ...T[]] | readonly T[]): T {
  return values[Math.floor(random.uniform() * values.length)] as T;
}
