import { formatMass, plural } from "../format.ts";
import { median } from "../numbers/quantile.ts";

/**
 * Below this median label mass the model does not answer with a label: it gives more than 99 % of its probability to other tokens, so
 * its choice between the labels is a side effect. A run stops, and `abtie doctor` reports an error.
 */
export const LEAST_MEDIAN_MASS = 0.01;
/** A median label mass below this is a reason to doubt the answers. It is a warning wherever label masses are shown. */
export const LOW_MEDIAN_MASS = 0.2;
/** The label mass is judged when this many rows are answered, or when the whole job is, if it has fewer rows. */
export const GATE_ROWS = 60;

/** The facts from which the label mass is judged. */
export interface MassFacts {
  /** The known label masses (0 to 1) of the answered rows, one for each row. */
  readonly masses: ArrayLike<number>;
  /** Number of answered rows whose label mass the server does not give. */
  readonly unknown: number;
  /** True when the job answers no further row. */
  readonly ended: boolean;
}

/** What the label mass of the answered rows says. `rows` is the number of rows with a known mass, `median` their median. */
export type MassVerdict =
  /** Too few rows are answered to judge. */
  | { readonly kind: "too-few" }
  /** The server gives no label mass. */
  | { readonly kind: "unknown" }
  | { readonly kind: "high" | "low" | "too-low"; readonly median: number; readonly rows: number };

/** Judges the label mass of the rows that are answered so far. */
export function judgeMass({ masses, unknown, ended }: MassFacts): MassVerdict {
  const rows = masses.length;
  const answered = rows + unknown;
  if (answered === 0 || (answered < GATE_ROWS && !ended)) return { kind: "too-few" };
  if (rows === 0) return { kind: "unknown" };
  const middle = median(masses);
  return { kind: kindOf(middle), median: middle, rows };
}

/** Classifies a median label mass. */
export function kindOf(medianMass: number): "high" | "low" | "too-low" {
  if (medianMass < LEAST_MEDIAN_MASS) return "too-low";
  return medianMass < LOW_MEDIAN_MASS ? "low" : "high";
}

/** Says in one sentence that the labels have little probability. `rows` is the number of rows with a known mass. */
export function describeLowMass({ median: middle, rows }: { readonly median: number; readonly rows: number }): string {
  const of = `The median label mass of ${plural(rows, "row")} is ${formatMass(middle)}`;
  return kindOf(middle) === "too-low"
    ? `${of}, below ${LEAST_MEDIAN_MASS}: the model does not answer with a label, so its choice between the labels is a side effect.`
    : `${of}, below ${LOW_MEDIAN_MASS}: the model gives most of its probability to tokens that are no label.`;
}

/** The part of a judge that shows why its labels get little probability. */
export interface ShownPrompt {
  /** The row whose prompt is shown. */
  readonly id: string;
  /** The prompt as text, to its end. */
  readonly prompt: string;
  /** The label texts and the tokens of each, see `Judge.labels`. */
  readonly labels: string;
}

const SHOWN_CHARACTERS = 160;

/** Lists why the labels may get almost no probability, and what to do. `shown` is null when no prompt can be made yet. */
export function lowMassDetails(shown: ShownPrompt | null): readonly string[] {
  return [
    ...(shown === null
      ? []
      : [
          `The prompt of row ${shown.id} ends with: ${JSON.stringify(shown.prompt.slice(-SHOWN_CHARACTERS))}`,
          `Labels (text -> token ids): ${shown.labels}`,
        ]),
    "Likely causes: the prompt ends inside an open think block or before the final channel, so that the model goes on thinking; the chat " +
      "template is not the one of this model; the model is a base model, which follows no instructions; or the model writes its answer " +
      "otherwise (upper or lower case, a space before it, quotes).",
    "What to do: `abtie doctor` shows the end of the prompt, the labels and the label mass of a sample. Change the answer prefix or the " +
      "labels in the template, or switch the thinking off with `engine.chat_template_kwargs` in the config. `--force` goes on all the same.",
  ];
}
