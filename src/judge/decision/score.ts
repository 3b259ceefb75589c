import { perClass } from "../../classes.ts";
import { malformed } from "../../engine/client/malformed.ts";
import { isRecord } from "../../files/json-shape.ts";
import { mean, sum } from "../../numbers/sums.ts";
import { optionOrders } from "../../prompt/compose.ts";
import type { Template } from "../../prompt/template/template.ts";
import { classesOfLabels } from "../../prompt/template/variables.ts";
import type { ClassName, Reading } from "../../types.ts";
import type { Scorer } from "../judge.ts";
import type { DecisionPages } from "./pages.ts";

/** What all rows of a judge are asked. */
export interface DecisionQuestion {
  readonly template: Pick<Template, "decision" | "labels" | "system">;
  /** Variables of the model's chat template. */
  readonly kwargs: Readonly<Record<string, unknown>>;
}

/** One question for each order of the options. */
const QUESTIONS = 2;

/** Makes the body of a request: one state, and the question once in each order of the options. */
export function decisionBody(
  { template, kwargs }: DecisionQuestion,
  state: string,
  orders: readonly (readonly ClassName[])[] = optionOrders(template),
): Readonly<Record<string, unknown>> {
  const { decision, labels, system } = template;
  if (decision === null) throw new Error("only a template of the format decision has a question");
  const questions = orders.map((order, at) => [
    nameOf(at),
    {
      type: "choice",
      instructions: decision.question,
      criteria: Object.fromEntries(order.map((name) => [labels[name]?.[0] ?? name, decision.options[name]])),
    },
  ]);
  return {
    state,
    questions: Object.fromEntries(questions),
    chat_template_kwargs: kwargs,
    ...(system === null ? {} : { instructions: system }),
  };
}

/** Makes the scorer of one row: one request for its state. */
export function createDecisionScorer(question: DecisionQuestion, state: string, pages: DecisionPages): Scorer {
  return {
    score: (engine, tasks, signal) =>
      Promise.all(
        tasks.map(async ({ cacheSalt }) => {
          const salt = cacheSalt === undefined ? {} : { cache_salt: cacheSalt };
          const body = { ...decisionBody(question, state), ...salt };
          const answer = await pages.ask((page) => engine.post(page, body, QUESTIONS, signal));
          return readDecision(question, answer);
        }),
      ),
  };
}

/**
 * Reads the answer to both orders of the options. The server gives the probability of each option among the options, and the label
 * mass m, which is that of all their letters over the whole vocabulary; so an option has the probability p m. The reading is the mean over
 * both orders. Throws RequestError("malformed").
 */
export function readDecision({ template }: Pick<DecisionQuestion, "template">, answer: unknown): Reading {
  const { answers, diagnostics } = isRecord(answer) ? answer : {};
  const classes = classesOfLabels(template.labels);
  const readings = Array.from({ length: QUESTIONS }, (_, at) => {
    const name = nameOf(at);
    const given = isRecord(answers) ? answers[name] : undefined;
    const probabilities = isRecord(given) ? given["probabilities"] : undefined;
    const diagnosed = isRecord(diagnostics) ? diagnostics[name] : undefined;
    const mass = numberIn(diagnosed, "label_mass", answer);
    const shares = classes.map((label) => numberIn(probabilities, template.labels[label]?.[0] ?? label, answer));
    if (Math.abs(sum(shares) - 1) > TOLERANCE) throw malformed("has probabilities that do not sum to 1", answer);
    return { mass, shares };
  });
  const logProbs = perClass(classes, (_, k) =>
    Math.log(mean(readings.map(({ mass, shares }) => mass * (shares[k] ?? 0)))),
  );
  if (logProbs.every((value) => value === Number.NEGATIVE_INFINITY)) throw malformed("gives every option 0", answer);
  return { logProbs, mass: Math.min(1, mean(readings.map(({ mass }) => mass))), bounded: false };
}

const TOLERANCE = 1e-3;

function nameOf(order: number): string {
  return `order${order + 1}`;
}

function numberIn(record: unknown, key: string, answer: unknown): number {
  const value = isRecord(record) ? record[key] : undefined;
  if (typeof value === "number" && value >= 0 && value <= 1 + TOLERANCE) return value;
  throw malformed(`has no probability ${JSON.stringify(key)}`, answer);
}
