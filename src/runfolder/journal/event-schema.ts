import { z } from "zod";
import type { JournalEvent } from "./events.ts";
import { logProbSchema } from "./json.ts";

const count = z.int().nonnegative();
const order = z.enum(["ab", "ba"]);

/** Checks one parsed line. */
export const journalEventSchema: z.ZodType<JournalEvent> = z.discriminatedUnion("event", [
  z.strictObject({
    event: z.literal("session-start"),
    at: z.number(),
    format: z.int(),
    pid: z.int(),
    version: z.string(),
  }),
  z.strictObject({
    event: z.literal("row"),
    row: count,
    order,
    logProbs: z.tuple([logProbSchema, logProbSchema, logProbSchema]),
    mass: z.number().nullable(),
    bounded: z.boolean(),
    tokens: count,
    cutTokens: count,
    neutralised: count,
    context: count.min(1).nullable(),
    attempts: count,
    request: count,
    ms: z.number(),
    at: z.number(),
  }),
  z.strictObject({
    event: z.literal("failed"),
    rows: z.array(count),
    order,
    reason: z.string(),
    message: z.string(),
    final: z.boolean(),
    request: count.nullable(),
    at: z.number(),
  }),
  z.strictObject({
    event: z.literal("decision"),
    name: z.string(),
    figures: z.record(z.string(), z.union([z.number(), z.string(), z.boolean(), z.null()])),
    at: z.number(),
  }),
  z.strictObject({ event: z.literal("engine"), what: z.string(), detail: z.string(), at: z.number() }),
  z.strictObject({ event: z.literal("checkpoint"), at: z.number() }),
  z.strictObject({ event: z.literal("session-end"), at: z.number(), status: z.string() }),
]);
