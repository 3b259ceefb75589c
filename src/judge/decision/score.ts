import { perClass } from "../../classes.ts";
import { malformed } from "../../engine/client/malformed.ts";
import { isRecord } from "../../files/json-shape.ts";
import { mean, sum } from "../../numbers/sums.ts";
import { optionOrders } from "../../prompt/compose.ts";
import type { Template } from "../../prompt/template/template.ts";
import { classesOfLabels } from "../../prompt/template/variables.ts";
import type { ClassName, Reading } from "../../types.ts";
import type { Scorer } from "../judge.ts";
import type { DecisionPage, DecisionPages } from "./pages.ts";

/** What all rows of a judge are asked. */
export interface DecisionQuestion {
  readonly template: Pick<Template, "decision" | "labels" | "system">;
  /** Variables of the model's chat template. */
  readonly kwargs: Readonly<Record<string, unknown>>;
}

/** One question for each order of the options. */
const QUESTIONS = 2;

/** Makes the body of a request on a page: one state, and the question once in each order of the options. */
export function decisionBody(
  page: DecisionPage,
  question: DecisionQuestion,
  state: string,
  orders: readonly (readonly ClassName[])[] = optionOrders(question.template),
): Readonly<Record<string, unknown>> {
  const { decision, labels, system } = question.template;
  if (decision === null) throw new Error("only a template of the format decision has a question");
  const asked = { type: "choice", instructions: decision.question };
  const optionsIn = (order: readonly ClassName[]) =>
    order.map((name) => ({ value: labels[name]?.[0] ?? name, description: decision.options[name] }));
  const bodies = {
    "/v1/systemone": () => ({
      state,
      questions: Object.fromEntries(
        orders.map((order, at) => {
          const criteria = Object.fromEntries(optionsIn(order).map((option) => [option.value, option.description]));
          return [nameOf(at), { ...asked, criteria }];
        }),
      ),
      chat_template_kwargs: question.kwargs,
      ...(system === null ? {} : { instructions: system }),
    }),
    "/v1/decisions": () => ({
      input: decisionInput(question.template, state),
      questions: orders.map((order, at) => ({ ...asked, name: nameOf(at), choices: optionsIn(order) })),
    }),
  } satisfies Record<DecisionPage, () => Readonly<Record<string, unknown>>>;
  return bodies[page]();
}

/** Makes the input of OpenAI's Decisions API, which knows no system message: its text stands before the state. */
export function decisionInput({ system }: Pick<Template, "system">, state: string): string {
  return system === null ? state : `${system}\n\n${state}`;
}

/** Makes the scorer of one row: one request for its state. */
export function createDecisionScorer(question: DecisionQuestion, state: string, pages: DecisionPages): Scorer {
  return {
    score: (engine, tasks, signal) =>
      Promise.all(
        tasks.map(async ({ cacheSalt }) => {
          const salt = cacheSalt === undefined ? {} : { cache_salt: cacheSalt };
          return pages.ask(async (page) => {
            const body = { ...decisionBody(page, question, state), ...salt };
            return readDecision(page, question, await engine.post(page, body, QUESTIONS, signal));
          });
        }),
      ),
  };
}

/**
 * Reads the answer to both orders of the options. The server gives the probability of each option among the options, and the label
 * mass m, which is that of all their letters over the whole vocabulary; so an option has the probability p m. The reading is the mean over
 * both orders. Throws RequestError("malformed").
 */
export function readDecision(
  page: DecisionPage,
  { template }: Pick<DecisionQuestion, "template">,
  answer: unknown,
): Reading {
  const classes = classesOfLabels(template.labels);
  const labels = classes.map((name) => template.labels[name]?.[0] ?? name);
  const readings = Array.from({ length: QUESTIONS }, (_, at) => {
    const read = READERS[page](nameOf(at), labels, answer);
    if (Math.abs(sum(read.shares) - 1) > TOLERANCE) throw malformed("has probabilities that do not sum to 1", answer);
    return read;
  });
  const logProbs = perClass(classes, (_, k) =>
    Math.log(mean(readings.map(({ mass, shares }) => mass * (shares[k] ?? 0)))),
  );
  if (logProbs.every((value) => value === Number.NEGATIVE_INFINITY)) throw malformed("gives every option 0", answer);
  return { logProbs, mass: Math.min(1, mean(readings.map(({ mass }) => mass))), bounded: false };
}

/** The answer to one question: the label mass, and the probability of each label among the labels. */
interface Answered {
  readonly mass: number;
  readonly shares: readonly number[];
}

const READERS = {
  "/v1/systemone": (name, labels, answer) => {
    const { answers, diagnostics } = isRecord(answer) ? answer : {};
    const given = isRecord(answers) ? answers[name] : undefined;
    const probabilities = isRecord(given) ? given["probabilities"] : undefined;
    const diagnosed = isRecord(diagnostics) ? diagnostics[name] : undefined;
    return {
      mass: numberIn(diagnosed, "label_mass", answer),
      shares: labels.map((label) => numberIn(probabilities, label, answer)),
    };
  },
  // The confidence is the probability of the likeliest option times the label mass (`make_answer` in vLLM's openai/decisions/adapters.py).
  "/v1/decisions": (name, labels, answer) => {
    const given = recordsIn(answer, "answers").find((one) => one["name"] === name);
    const options = recordsIn(given, "probabilities");
    const shares = labels.map((label) => {
      const option = options.find(({ value }) => value === label);
      return numberIn(option, "probability", answer);
    });
    return { mass: numberIn(given, "confidence", answer) / Math.max(...shares), shares };
  },
} satisfies Record<DecisionPage, (name: string, labels: readonly string[], answer: unknown) => Answered>;

function recordsIn(record: unknown, key: string): readonly Readonly<Record<string, unknown>>[] {
  const list = isRecord(record) ? record[key] : undefined;
  return Array.isArray(list) ? list.filter(isRecord) : [];
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
