import type { Engine } from "../../../src/engine/engine.ts";
import type { ResolvedLabels } from "../../../src/judge/generative/labels/resolve.ts";
import { CLASSES, type Order } from "../../../src/types.ts";
import type { Random } from "../random.ts";

/** The token ids of the labels A, B and tie. */
export const LABEL_IDS = [7, 8, 9] as const;

export const LABELS: ResolvedLabels = {
  classes: CLASSES,
  sequences: [
    { label: "a", text: "A", ids: [LABEL_IDS[0]] },
    { label: "b", text: "B", ids: [LABEL_IDS[1]] },
    { label: "tie", text: "tie", ids: [LABEL_IDS[2]] },
  ],
  probes: [{ suffix: [], ids: [...LABEL_IDS] }],
  dropTail: 0,
  tail: [],
};

/** The model of the job, one with another name, or one with the same name and other weights. */
export type Model = "judge" | "other name" | "other weights";

/** An answer that a server gave. */
export interface Given {
  readonly model: Model;
  /** Log probabilities of A, B and tie. */
  readonly logProbs: readonly [number, number, number];
}

export const keyOf = (row: number, order: Order): string => `${row} ${order}`;

/** The prompt of a row; its first tokens name row and order, so that a server knows them again. */
export function promptOf(row: number, order: Order, length: number): number[] {
  return [100 + row, order === "ab" ? 1 : 2, ...new Array<number>(Math.max(0, length - 2)).fill(3)];
}

export const MAX_MODEL_LEN = 2_048;

/** The name under which a model is listed and answers. */
export function nameOf(model: Model): string {
  return model === "other name" ? "other" : "judge";
}

/** The entry of a model in the list of a server. */
export function cardOf(model: Model): Engine["served"] {
  return { id: nameOf(model), root: model, parent: null, maxModelLen: MAX_MODEL_LEN, contextFrom: null };
}

/** The key of the row and order that a prompt names. */
export function keyOfPrompt([row = 0, order = 0]: readonly number[]): string {
  return keyOf(row - 100, order === 1 ? "ab" : "ba");
}

/** Makes an answer: the same for the same row, order and model, apart from the noise that every request has. */
export function answerTo([row = 0, order = 0]: readonly number[], model: string, random: Random): Given["logProbs"] {
  const base = (label: number): number => Math.sin(row * 12.9898 + order * 78.233 + label * 37.719 + model.length) * 2;
  const scores = [0, 1, 2].map((label) => Math.exp(base(label) + 0.01 * random.normal()));
  const sum = scores.reduce((total, score) => total + score, 0);
  const mass = 0.9 + 0.09 * random.uniform();
  const logProbs = scores.map((score) => Math.log((mass * score) / sum));
  return logProbs as unknown as Given["logProbs"];
}
