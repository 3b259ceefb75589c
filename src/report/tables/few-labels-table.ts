import type { FewLabelsData, FewLabelsLine, FewLabelsQuestion } from "../data/run-data.ts";
import { count, counted, percent } from "../text/number.ts";
import { estimateCell, loss, numberCell, numberColumn, rate, type Table, textColumn } from "./table.ts";

/** Lists each mean by the labels alone, and with the judgements of all rows. */
export function fewLabelsTable({ labels, of, lines }: FewLabelsData): Table {
  return {
    caption: `${counted(labels, "label")} and the judgements of ${counted(of, "row")}`,
    columns: [
      textColumn("Over all rows"),
      numberColumn("Labels alone"),
      numberColumn("With all judgements", "prediction-powered, 95\u00a0% intervals"),
      numberColumn("Worth", "labels that would be as precise without the judgements"),
    ],
    rows: lines.map((line) => [
      { text: line.name },
      estimateCell(line.labelsOnly, FORMAT[line.unit]),
      estimateCell(line.powered, FORMAT[line.unit]),
      numberCell(line.worth, (labels) => counted(labels, "label")),
    ]),
  };
}

const FORMAT = { nats: loss, share: rate } as const satisfies Record<FewLabelsLine["unit"], (value: number) => string>;

/** Says for each question whether the labels settle it, or how many more would. */
export function fewLabelsSentences(data: FewLabelsData): readonly string[] {
  const answers = data.questions.map((question) => {
    const { side, moreLabels } = question;
    if (side !== null)
      return `${ANSWER[question.kind](question.name)[side]}: the interval is on one side of ${NUMBER[question.kind]}.`;
    const open = `${QUESTION[question.kind](question.name)} is open`;
    if (moreLabels.powered === null) {
      return `${open}: at this difference labels of all rows would not show it; judge and label more rows, or take both as equal.`;
    }
    const alone =
      moreLabels.labelsOnly === null
        ? "labels of all rows would not"
        : `${count(moreLabels.labelsOnly)} by labels alone`;
    return `${open}: about ${counted(moreLabels.powered, "more label")} would show a difference of this size (${alone}), with a chance of ${percent(0.8)}.`;
  });
  const useless = addedNothing(data);
  return useless === null ? answers : [useless, ...answers];
}

/** Says of which numbers the judgements tell no more than the labels alone, and why; null when they add to all. */
function addedNothing({ lines, labels, of }: FewLabelsData): string | null {
  const names = lines.filter(({ worth }) => worth === labels).map(({ name }) => name);
  if (names.length === 0) return null;
  const last = names.at(-1) ?? "";
  const others = names.slice(0, -1);
  const list = others.length === 0 ? last : `${others.join(", ")} and ${last}`;
  const numbers = names.length === lines.length ? "these numbers" : list;
  const why =
    labels === of
      ? "every row has a label"
      : `by ${counted(labels, "label")}, what the judge expects and what the labels show do not go together, so the judgements get no weight. More labels, or a better judge, may change that`;
  return `The judgements of all rows add nothing to ${numbers}: ${why}.`;
}

const NUMBER = { "win-rate": "50\u00a0%", "log-loss": "0", accuracy: "0" } as const satisfies Record<
  FewLabelsQuestion["kind"],
  string
>;

const QUESTION = {
  "win-rate": () => "Whether A or B wins more often",
  "log-loss": (other) => `Whether ${other} has the lower log loss`,
  accuracy: (other) => `Whether ${other} has the higher accuracy`,
} as const satisfies Record<FewLabelsQuestion["kind"], (other: string) => string>;

const ANSWER = {
  "win-rate": () => ({ above: "A wins more often than B", below: "B wins more often than A" }),
  "log-loss": (other) => ({ above: `${other} has the lower log loss`, below: `${other} has the higher log loss` }),
  accuracy: (other) => ({ above: `${other} has the higher accuracy`, below: `${other} has the lower accuracy` }),
} as const satisfies Record<
  FewLabelsQuestion["kind"],
  (other: string) => Record<NonNullable<FewLabelsQuestion["side"]>, string>
>;
