import { z } from "zod";
import type { PlannedStep, RunPlan } from "../../deadline/run-plan.ts";
import type { Order } from "../../types.ts";
import type { EngineEvent, JournalEvent, RowFailureReason, SessionEnd, StopEvent } from "./events.ts";

/**
 * Makes a schema for a word of a fixed set. A word that is missing in `words`, or does not belong to the set, is a
 * compile error.
 */
function oneOf<Word extends string>(words: Readonly<Record<Word, true>>) {
  return z.enum(Object.keys(words) as Word[]);
}

const count = z.int().nonnegative();
const order = oneOf<Order>({ ab: true, ba: true });
const tokenBudget = count.min(1).nullable();
/**
 * JSON writes NaN and Infinity as null. Such a measurement is useless, but it must not prevent a run from being
 * resumed.
 */
const measured = z
  .number()
  .nullable()
  .transform((value) => value ?? Number.NaN);

/** As an answer of a server: a log probability is at most 0, but for rounding, and a mass at most 1. */
const logProb = z
  .number()
  .max(1e-3)
  .nullable()
  .transform((value) => value ?? Number.NEGATIVE_INFINITY);

/** The schema of a label mass; null when the server gave none. */
export const massSchema = z.number().min(0).max(1.001).nullable();

/** The schema of the log probabilities (nats) of two or three classes. JSON has no -Infinity, so JSON.stringify writes null for it. */
export const logProbsSchema = z.union([z.tuple([logProb, logProb, logProb]), z.tuple([logProb, logProb])]);

const plannedStep = z.strictObject({
  name: z.string(),
  kind: oneOf<PlannedStep["kind"]>({ "both-orders": true, "one-order": true, "one-order-short": true, prior: true }),
  tokenBudget,
  rowOrder: oneOf<PlannedStep["rowOrder"]>({ "longest-first": true, "shortest-first": true }),
  tokens: count,
  seconds: z.number().nullable(),
  leastTokens: count,
  leastSeconds: z.number().nullable(),
  fits: z.boolean().nullable(),
});

const timeLimits = {
  startedAt: z.number(),
  workEndAt: z.number(),
  watchdogAt: z.number(),
  deadlineAt: z.number(),
};

const tokenTotals = {
  total: count,
  quantiles: z.array(z.strictObject({ share: z.number(), tokens: count })),
};

const runPlan = z.strictObject({
  input: z.string(),
  template: z.string(),
  rows: count,
  orders: oneOf<RunPlan["orders"]>({ one: true, both: true, auto: true }),
  prompts: z.strictObject({ ab: count, ba: count }),
  tokenBudget: count,
  tokens: z.discriminatedUnion("source", [
    z.strictObject({
      source: z.literal("exact"),
      ...tokenTotals,
      shortened: z.strictObject({ rows: count, meanCut: z.number() }),
      neutralisedRows: count,
    }),
    z.strictObject({ source: z.literal("estimated"), ...tokenTotals }),
  ]),
  ladder: z.array(plannedStep),
  sample: z.strictObject({ pilotRows: count, rows: count }),
  swapPass: z.strictObject({
    minShare: z.number(),
    maxShare: z.number(),
    rowOrder: z.literal("largest-expected-gain-first"),
  }),
  confidence: z.number(),
  onOverrun: oneOf<RunPlan["onOverrun"]>({ degrade: true, stop: true }),
  startedAt: z.number(),
  timeLimits: z.strictObject(timeLimits).nullable(),
  seed: z.int(),
});

const plannerState = {
  at: z.number(),
  phase: oneOf<StopEvent["phase"]>({ starting: true, pilot: true, "first-pass": true, "swap-pass": true }),
  step: z.string(),
  reason: z.string(),
  rows: count,
  settled: count,
  swapAnswered: count,
  leftMs: z.number().nullable(),
  ladder: z.array(z.strictObject({ name: z.string(), tokens: measured, probability: measured })),
};

const SCHEMAS = {
  "session-start": z.strictObject({
    event: z.literal("session-start"),
    at: z.number(),
    format: z.int(),
    pid: z.int(),
    version: z.string(),
  }),
  "time-limits": z.strictObject({
    event: z.literal("time-limits"),
    at: z.number(),
    ...timeLimits,
  }),
  engine: z.strictObject({
    event: z.literal("engine"),
    at: z.number(),
    what: oneOf<EngineEvent["what"]>({ ready: true, lost: true, back: true, "given-up": true }),
    detail: z.string(),
  }),
  "engine-model": z.strictObject({
    event: z.literal("engine-model"),
    at: z.number(),
    model: z.string(),
    version: z.string().nullable(),
    method: z.string(),
  }),
  "start-up": z.strictObject({ event: z.literal("start-up"), at: z.number(), seconds: z.number() }),
  plan: z.strictObject({
    event: z.literal("plan"),
    at: z.number(),
    plan: runPlan,
  }),
  row: z.strictObject({
    event: z.literal("row"),
    row: count,
    order,
    logProbs: logProbsSchema,
    mass: massSchema,
    bounded: z.boolean(),
    tokens: count,
    cutTokens: count,
    neutralised: count,
    chatHead: z.string().optional(),
    tokenBudget,
    attempts: count,
    request: count,
    ms: z.number(),
    at: z.number(),
  }),
  failed: z.strictObject({
    event: z.literal("failed"),
    rows: z.array(count),
    order,
    reason: oneOf<RowFailureReason>({
      "too-long": true,
      "too-large": true,
      "bad-request": true,
      overloaded: true,
      server: true,
      connection: true,
      timeout: true,
      malformed: true,
      unsafe: true,
      "engine-lost": true,
      aborted: true,
      deadline: true,
      interrupted: true,
    }),
    message: z.string(),
    final: z.boolean(),
    request: count.nullable(),
    at: z.number(),
  }),
  concurrency: z.strictObject({
    event: z.literal("concurrency"),
    at: z.number(),
    engine: z.string(),
    concurrency: count,
    promptsPerRequest: count,
    rowsPerSecond: measured,
  }),
  "ladder-step": z.strictObject({ event: z.literal("ladder-step"), ...plannerState }),
  forecast: z.strictObject({
    event: z.literal("forecast"),
    ...plannerState,
    endAt: measured,
    lowAt: measured,
    highAt: measured,
    probability: measured,
    msPerRow: z.number().nullable(),
    lostMs: measured,
    swapAllowed: count,
    swapShare: z.number().nullable(),
    priorRows: count.nullable(),
    silentMs: measured,
  }),
  stop: z.strictObject({
    event: z.literal("stop"),
    ...plannerState,
    kind: oneOf<StopEvent["kind"]>({ complete: true, "time-up": true, overrun: true, "engine-lost": true }),
  }),
  "prefix-cache": z.strictObject({
    event: z.literal("prefix-cache"),
    at: z.number(),
    looked: z.number(),
    found: z.number(),
    prepared: z.number(),
    shared: z.number(),
  }),
  checkpoint: z.strictObject({ event: z.literal("checkpoint"), at: z.number() }),
  "session-end": z.strictObject({
    event: z.literal("session-end"),
    at: z.number(),
    status: oneOf<SessionEnd["status"]>({
      done: true,
      deadline: true,
      overrun: true,
      interrupted: true,
      "engine-lost": true,
      "low-mass": true,
      failed: true,
    }),
  }),
} satisfies { readonly [Name in JournalEvent["event"]]: z.ZodType<Extract<JournalEvent, { event: Name }>> };

const { checkpoint, ...others } = SCHEMAS;

/** The schema of one parsed line of a journal. */
export const journalEventSchema: z.ZodType<JournalEvent> = z.discriminatedUnion("event", [
  checkpoint,
  ...Object.values(others),
]);
