import { AbtieError } from "../../errors.ts";
import { plural } from "../../format.ts";
import { CLASSES, type ClassName } from "../../types.ts";
import type { Doubt } from "../judge.ts";
import type { ModelConfig } from "./model-config.ts";

/** Which output of a classifier's head stands for which label. */
export interface ResolvedClasses {
  /** The number of the class for a, b and tie. */
  readonly order: readonly [a: number, b: number, tie: number];
  /** The names of the classes by number; null when no file names them. */
  readonly names: readonly string[] | null;
  /** Says that the names of the classes mean nothing, so that their order was assumed; null when they mean something. */
  readonly doubt: Doubt | null;
}

/** The class of each label as the config of abtie gives it: its name or its number. */
export type GivenClasses = Readonly<Record<ClassName, string | number>>;

const REMEDY =
  "name the class of each label: `engine: {classes: {a: NAME, b: NAME, tie: NAME}}`, with the names in id2label or their numbers from 0";

/**
 * Finds the class of each label by the names in the model's config, or as `given` says. Names without a meaning (LABEL_0, LABEL_1,
 * LABEL_2, which transformers writes by itself) are taken in the order A, B, tie, with a doubt.
 *
 * Throws AbtieError("config") when the model has no classification head or other than three classes, when its classes do not exclude
 * each other, and when their names do not say which label they stand for. `model` is null when no file of the model can be read; then
 * the numbers of the classes must be given.
 */
export function resolveClasses(model: ModelConfig | null, given: GivenClasses | null): ResolvedClasses {
  if (model === null) return withoutFile(given);
  const { path, classes, problemType } = model;
  if (model.architectures.length > 0 && !model.architectures.some((name) => name.endsWith("Classification"))) {
    throw new AbtieError(
      "config",
      `${path}: ${model.architectures.join(", ")} has no classification head: name the folder of a classifier, or delete \`kind: classify\` to ask a model that generates text`,
    );
  }
  if (problemType !== null && problemType !== "single_label_classification") {
    throw new AbtieError(
      "config",
      `${path}: problem_type is ${problemType}: a judge needs classes of which exactly one is true (single_label_classification)`,
    );
  }
  if (classes === null) {
    throw new AbtieError(
      "config",
      `${path} has no id2label, so the model has two classes without names: a judge needs three, A, B and tie. Write id2label of the training into the file.`,
    );
  }
  if (classes.length !== CLASSES.length) {
    throw new AbtieError(
      "config",
      `${path}: the model has ${plural(classes.length, "class", "classes")} (${classes.join(", ")}): a judge needs three, A, B and tie`,
    );
  }
  if (given !== null) return { order: byGiven(given, classes, path), names: classes, doubt: null };
  const meant = classes.map(labelOf);
  if (new Set(meant).size === CLASSES.length && !meant.includes(null)) {
    return { order: orderBy((label) => meant.indexOf(label)), names: classes, doubt: null };
  }
  if (classes.every((name, index) => name.toUpperCase() === `LABEL_${index}`)) {
    return {
      order: [0, 1, 2],
      names: classes,
      doubt: {
        text: `${path} names the classes ${classes.join(", ")}, which says nothing: they are taken as A, B and tie, in this order.`,
        remedy: `If the training had another order, ${REMEDY}.`,
      },
    };
  }
  throw new AbtieError(
    "config",
    `${path}: the classes ${classes.map((name) => JSON.stringify(name)).join(", ")} do not say which of them is A, B and tie: ${REMEDY}`,
  );
}

function withoutFile(given: GivenClasses | null): ResolvedClasses {
  const numbers = given === null ? [] : CLASSES.map((label) => given[label]);
  if (given !== null && numbers.every((value) => typeof value === "number" && value < CLASSES.length)) {
    return { order: orderBy((label) => Number(given[label])), names: null, doubt: null };
  }
  throw new AbtieError(
    "config",
    "the order of the classes is unknown, because no config.json of the model is on this machine: name its folder as engine.tokenizer, " +
      "or give the number of each class: `engine: {classes: {a: 0, b: 1, tie: 2}}`",
  );
}

function byGiven(given: GivenClasses, classes: readonly string[], path: string): ResolvedClasses["order"] {
  const order = orderBy((label) => {
    const wanted = given[label];
    const index = typeof wanted === "number" ? wanted : classes.indexOf(wanted);
    if (index >= 0 && index < classes.length) return index;
    throw new AbtieError(
      "config",
      `engine.classes.${label}: the model has no class ${JSON.stringify(wanted)}; ${path} names ${classes.map((name, at) => `${at}: ${name}`).join(", ")}`,
    );
  });
  if (new Set(order).size < CLASSES.length) {
    throw new AbtieError("config", "engine.classes: two labels have one class; each label needs its own");
  }
  return order;
}

function orderBy(numberOf: (label: ClassName) => number): ResolvedClasses["order"] {
  return [numberOf("a"), numberOf("b"), numberOf("tie")];
}

/** The label that a class's name means; null when it means none. */
function labelOf(name: string): ClassName | null {
  const word = name.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, "");
  const bare = word
    .replace(/^(?:winner)?(?:model|response|answer|assistant)?/u, "")
    .replace(/(?:wins|isbetter|better)$/u, "");
  const found = { a: "a", b: "b", tie: "tie", draw: "tie", equal: "tie", tied: "tie" } as const;
  return Object.hasOwn(found, bare) ? found[bare as keyof typeof found] : null;
}
