import { z } from "zod";
import { durationSchema, engineSchema } from "./engine-schema.ts";

const probability = z.number().min(0).max(1);
const labelTexts = z.union([z.string(), z.array(z.string()).min(1)]).transform((texts) => [texts].flat());
const column = z.string().min(1);

export const columnsSchema = z.strictObject({
  id: column.optional(),
  prompt: column.optional(),
  response_a: column.optional(),
  response_b: column.optional(),
  winner_a: column.optional(),
  winner_b: column.optional(),
  winner_tie: column.optional(),
  votes: column.optional(),
  label: column
    .optional()
    .describe("One column with the label, as a word (A, model_b, A>B, tie) or, with codes, as any value."),
  codes: z
    .record(z.string(), z.enum(["a", "b", "tie"]))
    .optional()
    .describe("The class of each value of the label column, for example {1: a, 2: b, 0: tie}."),
});

const outputSchema = z.strictObject({
  file: z
    .string()
    .min(1)
    .optional()
    .describe("The file; default submission.csv, .jsonl or .parquet in the run folder."),
  format: z
    .enum(["submission", "wide", "jsonl", "parquet"])
    .optional()
    .describe(
      "A submission (CSV: ids and probabilities), a wide CSV (also verdict, how it was obtained, label mass), JSON Lines or Parquet; " +
        "default by the end of the file's name.",
    ),
  columns: z
    .union([z.literal("all"), z.array(column)])
    .optional()
    .describe("Columns of the input that the output repeats, or all; not for a submission."),
});

const stepSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[A-Za-z][\w .+-]*$/, "expected a name that begins with a letter")
    .optional()
    .describe("Name of the step in the journal and in reports; default its kind."),
  kind: z
    .enum(["both-orders", "one-order", "one-order-short", "prior"])
    .describe(
      "Score both orders of chosen rows, one order, one order with a shorter context, or write the class prior.",
    ),
  context: z.int().min(64).optional().describe("Most prompt tokens of a row; for the kind one-order-short."),
});

const timeSchema = z.strictObject({
  deadline: z
    .string()
    .optional()
    .describe(
      'The run ends before this: a duration from the start ("9h"), a time of day ("18:30") or an ISO date and time.',
    ),
  started_at: z
    .string()
    .optional()
    .describe('ISO date and time from which a deadline such as "9h" counts; default the start of the run.'),
  reserve: durationSchema
    .optional()
    .describe("Time between the end of scoring and the deadline; default 2 % of the whole time, at least 60 s."),
  on_overrun: z
    .enum(["degrade", "stop"])
    .optional()
    .describe("When time is short: give up steps of the ladder (degrade), or stop the run; default degrade."),
  confidence: z
    .number()
    .gt(0.5)
    .lt(1)
    .optional()
    .describe("Probability of finishing in time that a step of the ladder must reach; default 0.99."),
  short_context: z
    .int()
    .min(64)
    .optional()
    .describe("Most prompt tokens of a row on the step one-order-short of the usual ladder; default 512."),
  ladder: z
    .array(stepSchema)
    .min(1)
    .optional()
    .describe(
      "Steps that a row can be scored on, the best first; when time is short, later steps are taken. Default both-orders, one-order, " +
        "one-order-short, prior.",
    ),
});

const massSchema = z.strictObject({
  minimum: probability.optional().describe("A label mass below this is low; default 0.01."),
  action: z
    .enum(["warn", "floor", "fallback"])
    .optional()
    .describe(
      "For a row with a low label mass: warn, mix its probabilities with the prior (floor), or write the prior (fallback); default warn.",
    ),
});

/** The keys of the judge, which each variant of a comparison may replace. */
const judging = {
  engine: z
    .union([z.string().min(1), engineSchema])
    .optional()
    .describe("Name of an engine profile (launch/engines/NAME.yaml), or a mapping."),
  template: z.string().min(1).optional().describe("Name of a shipped template, or a .jinja file."),
  labels: z
    .strictObject({ a: labelTexts, b: labelTexts, tie: labelTexts.optional() })
    .optional()
    .describe(
      "Texts of the labels, without tie for a judge of two classes; the probabilities of several texts of one label are added.",
    ),
  context: z.int().min(64).optional().describe("Most prompt tokens of a row; default as many as the server allows."),
  cut: z
    .enum(["fair", "right"])
    .optional()
    .describe(
      "A row that is too long: both answers are shortened alike (fair), or the end of the text is cut off (right), as trainers of " +
        "classifiers do; right can hide the second answer wholly, and needs a template with `format: text`. Default fair.",
    ),
  append_eos: z
    .boolean()
    .optional()
    .describe(
      "Put the end-of-sequence token behind the text, within `context`, as the training of some classifiers did; only with " +
        "`engine.kind: classify`. Default false.",
    ),
  orders: z
    .enum(["one", "both", "auto"])
    .optional()
    .describe(
      "Score one order, both orders, or one order and then the swapped order of undecided rows while time is left (auto); default auto.",
    ),
  prior: z
    .union([z.tuple([probability, probability, probability]), z.tuple([probability, probability])])
    .optional()
    .describe(
      "Class prior [a, b, tie] for rows that cannot be scored, or [a, b] for a template without a tie; default uniform.",
    ),
  mass: massSchema.optional(),
  calibration: z.string().min(1).optional().describe("Calibration file made by `abtie calibrate`."),
};

const variantSchema = z.strictObject(judging);

/** The keys that each of two judges may have; the others hold for both. */
const { engine, template, labels, context, cut, append_eos } = judging;
const judgeSchema = z.strictObject({ engine, template, labels, context, cut, append_eos });

/** A config file as a person writes it. Every key but `input` is optional. */
export const configSchema = z
  .strictObject({
    input: z
      .string()
      .min(1)
      .optional()
      .describe(
        "File with the rows to judge: CSV, JSON Lines, JSON or Parquet, also packed with gzip; - for standard input.",
      ),
    output: z
      .union([z.string().min(1), outputSchema])
      .optional()
      .describe("File to write, .csv, .jsonl or .parquet, or a mapping; default RUN/submission.csv."),
    run: z.string().min(1).optional().describe("Run folder; default runs/NAME-OF-THIS-FILE beside this file."),
    columns: columnsSchema.optional().describe("Names of the columns that differ from those of LMSYS."),
    truth: z
      .enum(["labels", "votes"])
      .optional()
      .describe("Take the truth from the label columns, or from the votes of each row as shares; default labels."),
    date: z
      .string()
      .regex(/^\d{4}-\d{2}-\d{2}$/, 'expected a day such as "2026-11-28"')
      .optional()
      .describe("The day that the model's chat template prints, YYYY-MM-DD; default the first day of the run (UTC)."),
    ...judging,
    concurrency: z
      .union([z.int().min(1).max(4096), z.literal("auto")])
      .optional()
      .describe("Number of requests in flight; default auto: found while scoring."),
    prompts_per_request: z
      .union([z.int().min(1).max(1024), z.literal("auto")])
      .optional()
      .describe("Number of prompts in one request; default auto."),
    request_timeout: durationSchema.optional().describe("Longest time of one request; default 10m."),
    attempts: z.int().min(1).max(20).optional().describe("Attempts at a row before it gets the prior; default 8."),
    limit: z.int().min(1).optional().describe("Judge only the first N rows."),
    shard: z
      .string()
      .optional()
      .describe(
        'Judge only one of several shards of the rows: "2/8" is the second of 8, "auto" takes it from Slurm or Kubernetes. Its run folder ' +
          "is RUN/shard-2-of-8; `abtie join` makes one submission of all shards.",
      ),
    seed: z.int().min(0).optional().describe("Seed of all random choices; default 0."),
    time: timeSchema.optional(),
    clip: z
      .tuple([probability, probability])
      .optional()
      .describe("Probabilities are clipped to this range and renormalised; default [0.005, 0.99]."),
    variants: z
      .record(z.string().regex(/^[\w][\w.+-]*$/, "expected a name that a folder can have"), variantSchema)
      .optional()
      .describe("Judges for `abtie compare`: by name, the keys that replace those of this file."),
    judges: z
      .record(
        z
          .string()
          .regex(/^[A-Za-z][\w+-]*$/, "expected a name that begins with a letter and has letters, digits, - and _"),
        judgeSchema,
      )
      .optional()
      .describe(
        "Two judges for `abtie run`: by name, the keys that replace those of this file. The first judges every row; the second, usually " +
          "larger, those rows for which it is worth most while time is left.",
      ),
  })
  .meta({ title: "abtie config", description: "A job of abtie: its rows, its engine and its template." });

export type WrittenConfig = z.input<typeof configSchema>;
export type WrittenVariant = z.input<typeof variantSchema>;
export type ParsedConfig = z.output<typeof configSchema>;
