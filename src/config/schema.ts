import { z } from "zod";
import { duration, engineSchema } from "./engine-schema.ts";

const probability = z.number().min(0).max(1);
const labelTexts = z.union([z.string(), z.array(z.string()).min(1)]).transform((texts) => [texts].flat());
const column = z.string().min(1);

const columnsSchema = z.strictObject({
  id: column.optional(),
  prompt: column.optional(),
  response_a: column.optional(),
  response_b: column.optional(),
  winner_a: column.optional(),
  winner_b: column.optional(),
  winner_tie: column.optional(),
  votes: column.optional(),
});

const stepSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[A-Za-z][\w .+-]*$/, "expected a name that begins with a letter")
    .optional()
    .describe("How the step is called in the journal and in reports; default its kind."),
  kind: z
    .enum(["both-orders", "one-order", "one-order-short", "prior"])
    .describe("Both orders for chosen rows, one order, one order with a shorter context, or the class prior."),
  context: z.int().min(64).optional().describe("Prompt tokens that a row may take; for the kind one-order-short."),
});

const timeSchema = z.strictObject({
  deadline: z
    .string()
    .optional()
    .describe('Hard end: a duration from the start ("9h"), a time of day ("18:30") or an ISO date and time.'),
  started_at: z.string().optional().describe("Count the deadline from this ISO date and time instead of from now."),
  reserve: duration.optional().describe("Time kept free before the deadline; default the larger of 2 % and 60 s."),
  on_overrun: z.enum(["degrade", "stop"]).optional().describe("What to do when time will not suffice."),
  confidence: z.number().gt(0.5).lt(1).optional().describe("Probability of finishing that a step must reach."),
  short_context: z
    .int()
    .min(64)
    .optional()
    .describe("Token budget of the shortened-context step of the usual ladder; default 512."),
  ladder: z
    .array(stepSchema)
    .min(1)
    .optional()
    .describe(
      "What is given up when time is short, best step first; default both-orders, one-order, one-order-short, prior.",
    ),
});

const massSchema = z.strictObject({
  minimum: probability.optional().describe("Label mass below this is low."),
  action: z.enum(["warn", "floor", "fallback"]).optional().describe("What a low label mass leads to."),
});

/** What makes the judge: the parts that a variant of a comparison may replace. */
const judging = {
  engine: z
    .union([z.string().min(1), engineSchema])
    .optional()
    .describe("Name of an engine profile (launch/engines/NAME.yaml), or a mapping."),
  template: z.string().min(1).optional().describe("Name of a shipped template, or a .jinja file."),
  labels: z
    .strictObject({ a: labelTexts, b: labelTexts, tie: labelTexts })
    .optional()
    .describe("Label texts; several texts of one label are variants, merged by log-sum-exp."),
  context: z.int().min(64).optional().describe("Prompt tokens a row may take; default what the server allows."),
  orders: z
    .enum(["one", "both", "auto"])
    .optional()
    .describe("Score one order, both, or the swapped one for undecided rows while time is left (auto)."),
  prior: z
    .tuple([probability, probability, probability])
    .optional()
    .describe("Class prior [a, b, tie] for rows that cannot be scored; default uniform."),
  mass: massSchema.optional(),
  calibration: z.string().min(1).optional().describe("Calibration file made by `abtie calibrate`."),
};

const variantSchema = z.strictObject(judging);

/** What a person writes in a config file; every key is optional but `input`, `engine` and `template`. */
export const configSchema = z
  .strictObject({
    input: z.string().min(1).optional().describe("CSV file of the rows to judge, relative to this file."),
    output: z.string().min(1).optional().describe("Submission to write; default RUN/submission.csv."),
    run: z.string().min(1).optional().describe("Run folder; default runs/NAME-OF-THIS-FILE beside this file."),
    columns: columnsSchema.optional().describe("Column names, where they are not those of LMSYS."),
    truth: z.enum(["labels", "votes"]).optional().describe("Where labels are read from when they are there."),
    ...judging,
    concurrency: z
      .union([z.int().min(1).max(4096), z.literal("auto")])
      .optional()
      .describe("Requests in flight."),
    prompts_per_request: z
      .union([z.int().min(1).max(1024), z.literal("auto")])
      .optional()
      .describe("Prompts sent together in one request."),
    request_timeout: duration.optional().describe("Limit on one request; default 10m."),
    attempts: z.int().min(1).max(20).optional().describe("Attempts per row before it falls back; default 8."),
    limit: z.int().min(1).optional().describe("Only the first N rows."),
    seed: z.int().min(0).optional().describe("Seed of everything random; default 0."),
    time: timeSchema.optional(),
    clip: z
      .tuple([probability, probability])
      .optional()
      .describe("Probabilities are clipped to this range and renormalised; default [0.005, 0.99]."),
    variants: z
      .record(z.string().regex(/^[\w][\w.+-]*$/, "expected a name that can be that of a folder"), variantSchema)
      .optional()
      .describe("Judges that `abtie compare` compares: by name, what differs from the rest of this file."),
  })
  .meta({ title: "abtie config", description: "A job of abtie: which rows, which engine, which template." });

export type WrittenConfig = z.input<typeof configSchema>;
export type WrittenVariant = z.input<typeof variantSchema>;
export type ParsedConfig = z.output<typeof configSchema>;
