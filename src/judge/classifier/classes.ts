import { perClass } from "../../classes.ts";
import type { Config } from "../../config/config.ts";
import { AbtieError } from "../../errors.ts";
import { plural } from "../../format.ts";
import type { Classes, ClassName, PerClass } from "../../types.ts";
import type { Doubt } from "../judge.ts";
import type { ModelConfig } from "./model-config.ts";

/** Which output of a classifier's head stands for which label. */
export interface ResolvedClasses {
  /** The number of the class for each label of the judge: a, b and, if it knows a tie, tie. */
  readonly order: PerClass;
  /** The names of the classes by number; null when no file names them. */
  readonly names: readonly string[] | null;
  /** Says that the names of the classes mean nothing, so that their order was assumed; null when they mean something. */
  readonly doubt: Doubt | null;
}

/** The class of each label as the config of abtie gives it: its name or its number. */
export type GivenClasses = NonNullable<Config["engine"]["classes"]>;

const REMEDY =
  "name the class of each label: `engine: {classes: {a: NAME, b: NAME, tie: NAME}}` (no tie for two classes), with the names in id2label or their numbers from 0";

/**
 * Finds the class of each label by the names in the model's config, or as `given` says. Names without a meaning (LABEL_0, LABEL_1,
 * LABEL_2, which transformers writes by itself) are taken in the order A, B, tie, with a doubt. `labels` are the classes of the judge.
 *
 * Throws AbtieError("config") when the model has no classification head or not one class for each label, when its classes do not exclude
 * each other, and when their names do not say which label they stand for. `model` is null when no file of the model can be read; then
 * the numbers of the classes must be given.
 */
export function resolveClasses(
  model: ModelConfig | null,
  given: GivenClasses | null,
  labels: Classes,
): ResolvedClasses {
  if (given !== null && (given.tie !== undefined) !== (labels.length === 3)) throw otherGiven(labels);
  if (model === null) return withoutFile(given, labels);
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
      `${path} has no id2label, so the model has two classes without names: write id2label of the training into the file`,
    );
  }
  if (classes.length !== labels.length) throw otherNumber(path, classes, labels);
  if (given !== null) return { order: byGiven(given, classes, labels, path), names: classes, doubt: null };
  const meant = classes.map(labelOf);
  if (labels.every((label) => meant.includes(label))) {
    return { order: perClass(labels, (label) => meant.indexOf(label)), names: classes, doubt: null };
  }
  if (classes.every((name, index) => name.toUpperCase() === `LABEL_${index}`)) {
    return {
      order: perClass(labels, (_, index) => index),
      names: classes,
      doubt: {
        text: `${path} names the classes ${classes.join(", ")}, which says nothing: they are taken as ${describe(labels)}, in this order.`,
        remedy: `If the training had another order, ${REMEDY}.`,
      },
    };
  }
  throw new AbtieError(
    "config",
    `${path}: the classes ${classes.map((name) => JSON.stringify(name)).join(", ")} do not say which of them is which of ${describe(labels)}: ${REMEDY}`,
  );
}

function withoutFile(given: GivenClasses | null, labels: Classes): ResolvedClasses {
  const numbers = labels.map((label) => given?.[label]);
  if (numbers.every((value) => typeof value === "number" && value < labels.length)) {
    return { order: perClass(labels, (label) => Number(given?.[label])), names: null, doubt: null };
  }
  throw new AbtieError(
    "config",
    "the order of the classes is unknown, because no config.json of the model is on this machine: name its folder as engine.tokenizer, " +
      "or give the number of each class: `engine: {classes: {a: 0, b: 1, tie: 2}}`",
  );
}

function otherNumber(path: string, classes: readonly string[], labels: Classes): AbtieError {
  const found = `the model has ${plural(classes.length, "class", "classes")} (${classes.join(", ")}), and the judge ${labels.length}, ${describe(labels)}`;
  const remedy =
    classes.length === 2
      ? ": for a model that knows no tie, write `labels: {a: A, b: B}` into the config"
      : classes.length === 3
        ? ": take the tie into the labels"
        : ": a judge has two classes or three";
  return new AbtieError("config", `${path}: ${found}${remedy}`);
}

function otherGiven(labels: Classes): AbtieError {
  const text = labels.length === 3 ? "has no class for the tie" : "has a class for the tie, and the judge knows none";
  return new AbtieError("config", `engine.classes ${text}: name one class for each label, ${describe(labels)}`);
}

function describe(labels: Classes): string {
  return labels.length === 3 ? "A, B and tie" : "A and B";
}

function byGiven(given: GivenClasses, classes: readonly string[], labels: Classes, path: string): PerClass {
  const order = perClass(labels, (label) => {
    const wanted = given[label] ?? "";
    const index = typeof wanted === "number" ? wanted : classes.indexOf(wanted);
    if (index >= 0 && index < classes.length) return index;
    throw new AbtieError(
      "config",
      `engine.classes.${label}: the model has no class ${JSON.stringify(wanted)}; ${path} names ${classes.map((name, at) => `${at}: ${name}`).join(", ")}`,
    );
  });
  if (new Set(order).size < labels.length) {
    throw new AbtieError("config", "engine.classes: two labels have one class; each label needs its own");
  }
  return order;
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
