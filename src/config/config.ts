import type { Secret } from "../secrets/secret.ts";
import type { ServerAccess } from "../secrets/url.ts";
import type { Classes, Columns, OutputForm, PerClass } from "../types.ts";
import type { ParsedEngine } from "./engine-schema.ts";
import type { Shard } from "./shard.ts";

/** The way in which the server is asked for label probabilities; "auto" tries each that reads the next token. */
export type MethodSetting = NonNullable<ParsedEngine["method"]> | "classify";

interface EngineCommon {
  readonly name: string;
  /** Folder with tokenizer.json; null: prompts are tokenised by the server's /tokenize. */
  readonly tokenizer: string | null;
  /** Variables of the model's chat template. */
  readonly chatTemplateKwargs: Readonly<Record<string, unknown>>;
  readonly maxModelLen: number | null;
  /**
   * Requests in flight, and prompts in each, that the engine's profile recommends; the search for the best number
   * begins there.
   */
  readonly concurrency: number | null;
  readonly promptsPerRequest: number | null;
  /** "classify" for a classifier. */
  readonly method: MethodSetting;
  /** The class of a classifier for each label: its name or its number; null: the names of the classes say it. */
  readonly classes: {
    readonly a: string | number;
    readonly b: string | number;
    readonly tie?: string | number | undefined;
  } | null;
  /** Key for the Authorization header; "EMPTY" when none is set, because a server without a key accepts any. */
  readonly apiKey: Secret;
}

/** An argument of a program; a secret one, such as a password, is never shown. */
export type Argument = string | Secret;

/**
 * A server that abtie starts and stops. `args` still contains the placeholders {port}, {host} and {served_model_name}.
 */
export interface SpawnConfig extends EngineCommon {
  readonly kind: "spawn";
  readonly command: string;
  readonly args: readonly Argument[];
  readonly env: Readonly<Record<string, Secret>>;
  readonly model: string;
  readonly port: number | null;
  readonly replicas: number;
  readonly gpusPerReplica: number;
  readonly readyMs: number;
  readonly stopGraceMs: number;
  /** For how long (ms) a server outlives its run, and the folder of the sockets of kept servers; null: it does not. */
  readonly keep: { readonly ms: number; readonly folder: string } | null;
}

/** A server that somebody else started. */
export interface AttachConfig extends EngineCommon {
  readonly kind: "attach";
  /** The addresses, without user, password and query. */
  readonly urls: readonly string[];
  /** What each address of `urls` had besides, in the same order. */
  readonly access: readonly ServerAccess[];
  /** Name of the model on the server; null if the server lists only one model, which is then used. */
  readonly model: string | null;
}

export type EngineConfig = SpawnConfig | AttachConfig;

/**
 * A step of the ladder. `context` is the largest number of prompt tokens that a row may have; null: as many as the
 * model accepts.
 */
export interface LadderStep {
  readonly name: string;
  readonly kind: "both-orders" | "one-order" | "one-order-short" | "prior";
  readonly context: number | null;
}

/** A config as the program uses it: every missing key has its default, paths are absolute, durations are in ms. */
export interface Config {
  /** The config file; null if the config was made from flags alone. */
  readonly file: string | null;
  readonly input: string;
  readonly output: string;
  readonly outputForm: OutputForm;
  readonly runFolder: string;
  readonly columns: Columns;
  readonly truth: "labels" | "votes";
  readonly engine: EngineConfig;
  /** Path of the template file. */
  readonly template: string;
  /** Label texts that replace those of the template; null for those of the template. */
  readonly labels: {
    readonly a: readonly string[];
    readonly b: readonly string[];
    readonly tie?: readonly string[] | undefined;
  } | null;
  /** The classes between which the judge chooses; see `findClasses`. */
  readonly classes: Classes;
  readonly context: number | null;
  /** How a row that is too long is made to fit: both answers shortened alike, or the end of the text cut off. */
  readonly cut: "fair" | "right";
  /** Whether the end-of-sequence token follows the text of a classifier. */
  readonly appendEos: boolean;
  /** The day (YYYY-MM-DD) that the model's chat template prints; null: the first day of the run. */
  readonly date: string | null;
  readonly orders: "one" | "both" | "auto";
  /** Requests in flight; null: the program searches for the best number. */
  readonly concurrency: number | null;
  readonly promptsPerRequest: number | null;
  readonly requestTimeoutMs: number;
  readonly attempts: number;
  readonly limit: number | null;
  /** The part of the rows that this process judges; null: all rows. */
  readonly shard: Shard | null;
  readonly seed: number;
  readonly time: {
    readonly deadline: string | null;
    readonly startedAt: string | null;
    readonly reserveMs: number | null;
    readonly onOverrun: "degrade" | "stop";
    readonly confidence: number;
    /** Largest number of prompt tokens of a row on the step of the default ladder that shortens prompts. */
    readonly shortContext: number;
    /** The ladder that the config gives, best step first; null: the default ladder is used. */
    readonly ladder: readonly LadderStep[] | null;
  };
  /** Probabilities of a row without an answer, one for each of `classes`. */
  readonly prior: PerClass;
  readonly clip: readonly [low: number, high: number];
  readonly mass: { readonly minimum: number; readonly action: "warn" | "floor" | "fallback" };
  readonly calibration: string | null;
  /** The second judge of a run with two, whose first is the judge of this config; null for a run with one. */
  readonly escalation: Escalation | null;
}

/** The second of two judges, which judges the rows for which it is worth most. */
export interface Escalation {
  /** Names of both judges, the first one first. */
  readonly names: readonly [first: string, second: string];
  /** The config of the second judge. Its run folder is inside that of the run, and its `escalation` is null. */
  readonly second: Config;
  /** File that says how the answers of both judges are combined; null: the usual way. */
  readonly combination: string | null;
}

/** A config whose day for chat templates is known. */
export type DatedConfig = Config & { readonly date: string };
