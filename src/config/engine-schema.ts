import { z } from "zod";
import { DURATION, parseDuration } from "../format.ts";

/** The schema of a duration in a config: a text such as "9h" or "1h30m", parsed to milliseconds. */
export const durationSchema: z.ZodType<number, string> = z
  .string()
  .regex(DURATION, 'expected a duration such as "30s", "10m", "1h30m"')
  .transform((text) => parseDuration(text) ?? 0)
  .meta({ description: 'A duration such as "30s", "10m", "1h30m".' });

// The messages do not contain the value, because an address or a key may be secret.
const url = z
  .string()
  .regex(/^https?:\/\//, "expected a URL that starts with http:// or https://")
  .refine((text) => !/^https?:\/\//.test(text) || URL.canParse(text), {
    error: ({ input }) =>
      /:\d+(\/|$)/.test(String(input).replace(/^https?:\/\//, ""))
        ? "expected a URL with a port from 0 to 65535"
        : "expected a URL such as http://127.0.0.1:8000",
  });

const classSchema = z.union([z.string().min(1), z.int().min(0).max(99)]);

/**
 * An engine as a person writes it, in a profile (launch/engines/NAME.yaml) or under `engine:` of a config. The config
 * may name a profile with `profile`; each key of the config then replaces the same key of that profile.
 */
export const engineSchema = z.strictObject({
  profile: z.string().min(1).optional().describe("Engine profile; the other keys replace its keys."),
  description: z.string().optional().describe("One line about the engine."),
  kind: z
    .enum(["spawn", "attach", "classify"])
    .optional()
    .describe(
      "Start a server (spawn), or use one that runs (attach); classify: the model is a classifier, whose server is started, or used with attach.",
    ),
  attach: z
    .union([url, z.array(url).min(1)])
    .optional()
    .describe("Base URL of a running OpenAI-compatible server, or several; implies kind: attach."),
  api_key: z
    .string()
    .refine((key) => keyProblem(key) === null, { error: ({ input }) => keyProblem(String(input)) ?? "" })
    .optional()
    .describe("Key of the running server; OPENAI_API_KEY takes precedence."),
  model: z.string().min(1).optional().describe("Folder or name of the model; with attach, its name on the server."),
  classes: z
    .strictObject({ a: classSchema, b: classSchema, tie: classSchema.optional() })
    .optional()
    .describe(
      "The class of a classifier that stands for each label: its name in id2label of the model's config.json, or its number from 0. " +
        "Default: by its name.",
    ),
  tokenizer: z
    .union([z.string().min(1), z.literal(false)])
    .optional()
    .describe("Folder with tokenizer.json; default the model folder; false uses the /tokenize of the server."),
  chat_template_kwargs: z
    .record(z.string(), z.unknown())
    .optional()
    .describe(
      "Variables of the model's chat template, also sent with /tokenize; default {enable_thinking: false, thinking: false}, " +
        "over which these are laid.",
    ),
  python: z.string().min(1).optional().describe("Python interpreter that has vLLM; default that of `abtie setup`."),
  command: z
    .string()
    .min(1)
    .optional()
    .describe("Program to start; {python} is the interpreter, {launch} the folder launch of abtie."),
  args: z
    .array(z.string())
    .optional()
    .describe("Arguments of the program; {model}, {host}, {port} and {served_model_name} are filled in."),
  extra_args: z.array(z.string()).optional().describe("Arguments that are added after those of the profile."),
  env: z
    .record(z.string(), z.string())
    .optional()
    .describe("Variables that are added to abtie's own environment for the server."),
  port: z
    .int("expected a port from 1 to 65535")
    .min(1, "expected a port from 1 to 65535")
    .max(65535, "expected a port from 1 to 65535")
    .optional()
    .describe("Port of the server; default any free one."),
  replicas: z.int().min(1).max(64).optional().describe("Number of servers to start, each on its own GPUs."),
  gpus_per_replica: z.int().min(1).max(16).optional().describe("Number of GPUs of each server."),
  ready_limit: durationSchema.optional().describe("Longest time until the server answers; default 15m."),
  stop_grace: durationSchema.optional().describe("Time that the server gets to stop before it is killed; default 10s."),
  keep: durationSchema
    .optional()
    .describe(
      "Time for which a started server goes on after its run; a later run with the same engine uses it. `abtie engines` lists and stops such servers.",
    ),
  max_model_len: z.int().min(64).optional().describe("Context length of the server, if it does not report one."),
  concurrency: z
    .int()
    .min(1)
    .max(4096)
    .optional()
    .describe("Number of requests in flight that suits this engine; the search begins there."),
  prompts_per_request: z
    .int()
    .min(1)
    .max(1024)
    .optional()
    .describe("Number of prompts per request that suits this engine."),
  method: z
    .enum([
      "auto",
      "logprob_token_ids",
      "sglang_generate",
      "llamacpp",
      "allowed_token_ids",
      "logit_bias",
      "top_logprobs",
    ])
    .optional()
    .describe("Way in which the server is asked for label probabilities; auto tries each."),
});

/** Says why a text cannot be the key in the header of a request, without the text; null when it can. */
export function keyProblem(key: string): string | null {
  if (/[\r\n]/.test(key)) return "contains a line break, which a key cannot contain: write it on one line";
  return /^[\x20-\x7e]*$/.test(key) && key.trim() === key
    ? null
    : "contains a character that a key cannot contain: only printable ASCII, without spaces at its ends, is possible";
}

export type ParsedEngine = z.output<typeof engineSchema>;
