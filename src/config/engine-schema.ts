import { z } from "zod";
import { parseDuration } from "../format.ts";

/** The schema of a duration in a config: a text such as "9h" or "1h30m", parsed to milliseconds. */
export const duration: z.ZodType<number, string> = z
  .string()
  .regex(/^\s*(\d+(\.\d+)?\s*(ms|s|m|h|d)\s*)+$/, 'expected a duration such as "30s", "10m", "1h30m"')
  .transform((text) => parseDuration(text) ?? 0)
  .meta({ description: 'A duration such as "30s", "10m", "1h30m".' });

const url = z.string().regex(/^https?:\/\//, "expected a URL that starts with http:// or https://");

/**
 * What a person writes about an engine: in a profile (launch/engines/NAME.yaml) and, over it, under `engine:` of a config.
 * A profile named by `profile` is the base; the other keys replace its keys one by one.
 */
export const engineSchema = z.strictObject({
  profile: z.string().min(1).optional().describe("Profile that the other keys build on."),
  description: z.string().optional(),
  kind: z.enum(["spawn", "attach"]).optional().describe("Start a server, or use one that runs."),
  attach: z
    .union([url, z.array(url).min(1)])
    .optional()
    .describe("Base URL of a running OpenAI-compatible server, or several; implies kind: attach."),
  api_key: z.string().optional().describe("Key of the running server; OPENAI_API_KEY beats it."),
  model: z.string().min(1).optional().describe("Model folder or name; with attach, the served model name."),
  tokenizer: z
    .union([z.string().min(1), z.literal(false)])
    .optional()
    .describe("Folder with tokenizer.json; default the model folder; false asks the server's /tokenize."),
  python: z.string().min(1).optional().describe("Interpreter with vLLM; default abtie's own installation."),
  command: z.string().min(1).optional().describe("Program to start; {python} is the interpreter."),
  args: z
    .array(z.string())
    .optional()
    .describe("Its arguments; {model} {host} {port} {served_model_name} are filled in."),
  extra_args: z.array(z.string()).optional().describe("Arguments added behind those of the profile."),
  env: z.record(z.string(), z.string()).optional().describe("Environment of the server, over abtie's own."),
  port: z.int().min(1).max(65535).optional().describe("Port of the server; default a free one."),
  replicas: z.int().min(1).max(64).optional().describe("Servers to start, each pinned to its own GPUs."),
  gpus_per_replica: z.int().min(1).max(16).optional().describe("GPUs of each replica."),
  ready_limit: duration.optional().describe("How long the server may take to answer; default 15m."),
  stop_grace: duration.optional().describe("How long it may take to stop before it is killed; default 10s."),
  max_model_len: z.int().min(64).optional().describe("Context length of the server, where it does not say."),
  concurrency: z.int().min(1).max(4096).optional().describe("Requests in flight that suit this engine."),
  prompts_per_request: z.int().min(1).max(1024).optional().describe("Prompts per request that suit this engine."),
  method: z
    .enum(["auto", "logprob_token_ids", "allowed_token_ids", "logit_bias", "top_logprobs"])
    .optional()
    .describe("How label probabilities are asked for; auto probes."),
});

export type ParsedEngine = z.output<typeof engineSchema>;
