import { z } from "zod";

const sampling = z.strictObject({
  temperature: z.number().min(0).max(5).default(0.7),
  model: z.string().min(1).optional().describe("Name of the model on the server, where it serves several."),
  attach: z.string().min(1).optional().describe("Address of another server; default that of `attach`."),
});

const common = {
  attach: z.string().min(1).describe("Address of a running OpenAI-compatible server."),
  max_tokens: z.int().min(1).default(512).describe("Most tokens of an answer; a longer one is dropped. Default 512."),
  system: z.string().optional().describe("System message."),
  concurrency: z.int().min(1).max(1024).default(8).describe("Requests in flight; default 8."),
  seed: z.int().min(0).default(0),
};

const idColumn = z
  .string()
  .min(1)
  .optional()
  .describe(
    "Column with the ids; default id or another usual name whose values differ, else the id is the number of the row from 0.",
  );

const pairsSchema = z.strictObject({
  kind: z.literal("pairs"),
  ...common,
  prompts: z.string().min(1).describe("File with the prompts: CSV, JSON Lines, JSON or Parquet."),
  column: z.string().min(1).default("prompt").describe("Column with the prompts; default prompt."),
  id: idColumn,
  one: sampling.prefault({}).describe("How the one answer of a pair is sampled."),
  other: sampling.prefault({ temperature: 1 }).describe("How the other answer is sampled."),
});

const answersSchema = z.strictObject({
  kind: z.literal("answers"),
  ...common,
  prompts: z.string().min(1).describe("File with the prompts or chats: CSV, JSON Lines, JSON or Parquet."),
  column: z
    .string()
    .min(1)
    .default("prompt")
    .describe("Column with the prompts, or with lists of messages; default prompt."),
  id: idColumn,
  model: z.string().min(1).optional(),
  temperature: z.number().min(0).max(5).default(0).describe("Default 0: the most probable answer."),
});

const band = z.strictObject({
  from: z.int().min(1).max(10),
  to: z.int().min(1).max(10),
  prompt: z.string().min(1).describe("Asks for a text and, behind it, ` - ` and its score."),
});

const scoredSchema = z.strictObject({
  kind: z.literal("scored"),
  ...common,
  wanted: z.int().min(1).describe("Number of requests."),
  model: z.string().min(1).optional(),
  temperature: z.number().min(0).max(5).default(0.7),
  bands: z.array(band).min(1).describe("Bands of scores; each request draws one of them."),
  good: z.int().min(1).max(10).default(7).describe("Lowest score of the label 1; default 7."),
});

/** What is generated, as a person writes it. */
export const generateSchema = z
  .discriminatedUnion("kind", [pairsSchema, scoredSchema, answersSchema])
  .meta({ title: "abtie generate", description: "Answers or scored texts that a served model writes." });

export type GenerateConfig = z.output<typeof generateSchema>;
export type PairsConfig = z.output<typeof pairsSchema>;
export type ScoredConfig = z.output<typeof scoredSchema>;
export type AnswersConfig = z.output<typeof answersSchema>;
