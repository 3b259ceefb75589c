import { z } from "zod";
import type { Effects } from "../effects.ts";
import { parseJson } from "../files/json-lines.ts";
import { formatCount, formatDuration, formatFixed, formatMoment, formatPercent } from "../format.ts";

const progressSchema = z.object({
  step: z.number(),
  of: z.number(),
  loss: z.number(),
  learning_rate: z.number(),
  tokens_per_second: z.number().nullish(),
  memory_gib: z.number().nullish(),
});

const heldOutSchema = z.object({
  step: z.number(),
  log_loss: z.number(),
  accuracy: z.number(),
  mass: z.number().nullable(),
  rows: z.number(),
  /** Null where there are no classes: then log loss and accuracy are those of the tokens of the answers. */
  prior_log_loss: z.number().nullable(),
});

const eventSchema = z.union([
  z.object({ step: z.string() }),
  z.object({ parameters: z.object({ trained: z.number(), all: z.number() }) }),
  z.object({ progress: progressSchema }),
  z.object({ held_out: heldOutSchema }),
  z.object({
    done: z.object({
      step: z.number(),
      of: z.number(),
      stopped: z.string().nullable(),
      log_loss: z.number().nullish(),
      prior_log_loss: z.number().nullish(),
    }),
  }),
]);

/** One line that a training program prints. */
export type TrainingEvent = z.output<typeof eventSchema>;
export type TrainingStep = z.output<typeof progressSchema>;
export type HeldOutScore = z.output<typeof heldOutSchema>;

/** Reads a line of a training program; null for a line of a library. */
export function readTrainingEvent(line: string): TrainingEvent | null {
  return line.startsWith("{") ? (eventSchema.safeParse(parseJson(line)).data ?? null) : null;
}

/** What a training has said so far. */
export interface TrainingState {
  readonly stage: string;
  readonly parameters: { readonly trained: number; readonly all: number } | null;
  readonly step: TrainingStep | null;
  /** The first step of this session and when it ended, monotonic ms: the speed counts from there. */
  readonly first: { readonly step: number; readonly at: number } | null;
  readonly heldOut: HeldOutScore | null;
  readonly stopped: string | null;
}

/** The state before the program has said anything. */
export const SILENT: TrainingState = {
  stage: "",
  parameters: null,
  step: null,
  first: null,
  heldOut: null,
  stopped: null,
};

/** Adds one event; `at` is its time, monotonic ms. */
export function nextTrainingState(state: TrainingState, event: TrainingEvent, at: number): TrainingState {
  if ("progress" in event) {
    const first = state.first ?? { step: event.progress.step, at };
    return { ...state, step: event.progress, first };
  }
  if ("held_out" in event) return { ...state, heldOut: event.held_out };
  if ("parameters" in event) return { ...state, parameters: event.parameters };
  if ("done" in event) return { ...state, stopped: event.done.stopped };
  return { ...state, stage: event.step };
}

/** Times that the progress line shows. */
export interface TrainingTimes {
  /** Now: monotonic, and ms since 1970. */
  readonly monotonic: number;
  readonly now: number;
  /** ms since 1970; null when there is none. */
  readonly deadlineAt: number | null;
}

/** Describes a training for the progress line: step, losses, speed, and the end beside the deadline. */
export function trainingProgress(state: TrainingState, times: TrainingTimes): Parameters<Effects["progress"]>[0] {
  const { stage, step, heldOut } = state;
  if (step === null) return { stage: "step", name: "train", text: stage };
  const parts = [
    `step ${formatCount(step.step)} of ${formatCount(step.of)}`,
    `loss ${formatFixed(step.loss, 3)}`,
    ...(heldOut === null
      ? []
      : [
          `held out ${formatFixed(heldOut.log_loss, 3)} (${heldOut.prior_log_loss === null ? "nats a token" : `prior ${formatFixed(heldOut.prior_log_loss, 3)}`}), ${formatPercent(heldOut.accuracy)} right`,
        ]),
    ...(typeof step.tokens_per_second === "number" ? [`${formatCount(step.tokens_per_second)} tokens/s`] : []),
  ];
  const end = endOf(state, times);
  const short = [...parts.slice(0, 2), ...end].join(", ");
  return {
    stage: "score",
    done: step.step,
    total: step.of,
    text: [...parts, ...end].join(", "),
    shorter: [short, parts[0] ?? ""],
  };
}

function endOf({ step, first }: TrainingState, { monotonic, now, deadlineAt }: TrainingTimes): readonly string[] {
  if (step === null || first === null || step.step <= first.step) return [];
  const left = ((monotonic - first.at) / (step.step - first.step)) * (step.of - step.step);
  const at = `ends at ${formatMoment(now + left, now)}, in ${formatDuration(left)}`;
  if (deadlineAt === null) return [at];
  return [
    `${at}; deadline ${formatMoment(deadlineAt, now)}${now + left > deadlineAt ? ", which stops it before" : ""}`,
  ];
}
