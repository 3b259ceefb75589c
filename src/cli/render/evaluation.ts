import { CLASS_TEXT } from "../../classes.ts";
import type { SubjectEvaluation } from "../../evaluate/evaluation.ts";
import { fewLabelsOf } from "../../report/data/few-labels.ts";
import { baselinesOf, estimateOf, positionOf, scoresOf, sliceGroupOf } from "../../report/data/from-metrics.ts";
import type { FewLabelsData } from "../../report/data/run-data.ts";
import { fewLabelsSentences, fewLabelsTable } from "../../report/tables/few-labels-table.ts";
import { scoreTable, sliceTable } from "../../report/tables/run-tables.ts";
import { loss } from "../../report/tables/table.ts";
import { verdictSentence, verdictSetTable } from "../../report/tables/verdict-set-table.ts";
import { count, counted, fixed, massText, withRange } from "../../report/text/number.ts";
import { swapText } from "../../report/text/sentences.ts";
import { againstBaseline } from "../../report/text/verdict.ts";
import { CLASSES } from "../../types.ts";
import { wrapFields } from "./help-text.ts";
import { columnLines, paragraph, tableLines, terminalText } from "./table.ts";

/** Renders an evaluation for a person, with the tables and sentences of its report, for a terminal with so many columns; null: no terminal. */
export function renderEvaluation(evaluation: SubjectEvaluation, columns: number | null): string {
  const { rows, scores, powered, verdicts, slices } = evaluation;
  const [written] = scores;
  const baselines = written === undefined ? [] : baselinesOf(written.evaluation);
  const [prior] = baselines;
  const named = scores.map((one) => scoresOf(one.name, one.evaluation));
  const parts = [
    headline(evaluation),
    tableLines(scoreTable(named, baselines), columns),
    prior === undefined ? "" : `As written, the judge is ${againstBaseline(prior).sentence}.`,
    powered === null ? "" : fewLabelsLines(fewLabelsOf(powered), columns),
    verdicts === null ? "" : [tableLines(verdictSetTable(verdicts), columns), verdictSentence(verdicts)].join("\n"),
    written === undefined ? "" : confusionLines(written.evaluation.confusion, columns),
    readingLines(evaluation),
    ...slices.map(({ name, parts }) => tableLines(sliceTable(sliceGroupOf(name, parts), rows), columns)),
    paragraph(DEFINITIONS, columns),
  ];
  return wrapFields(terminalText(parts.filter((part) => part !== "").join("\n\n")).split("\n"), columns);
}

const DEFINITIONS = `In brackets 95 % intervals: the bootstrap over prompts, since rows that share a prompt are not independent.
Log loss in nats. ECE of the predicted class, bins of equal mass; in brackets that of a perfectly calibrated judge.`;

function headline({ subject, labels, rows, groups, sample, priorRows, warnings }: SubjectEvaluation): string {
  const fallback = priorRows ? `\n${counted(priorRows, "row")} not answered: the fallback stands there` : "";
  const head = `${subject}\n${counted(rows, "row")} with ${counted(groups, "prompt")}, ${labels.source} of ${labels.file}${fallback}`;
  const drawn =
    sample === null
      ? []
      : [
          `A sample of ${counted(sample.of, "row")}: each row weighs its inverse inclusion probability, so the scores are those of all`,
          `rows (Hájek's estimate); as precise as ${count(Math.round(sample.effectiveRows))} rows of equal weight.`,
        ];
  return [head, ...drawn, ...warnings.map((text) => `Warning: ${text}.`)].join("\n");
}

function fewLabelsLines(data: FewLabelsData, columns: number | null): string {
  const table = fewLabelsTable(data);
  return [`${table.caption}:`, tableLines(table, columns), ...fewLabelsSentences(data)].join("\n");
}

type Matrix = SubjectEvaluation["scores"][number]["evaluation"]["confusion"];

function confusionLines(confusion: Matrix, columns: number | null): string {
  const weight = (value: number): string => (Number.isInteger(value) ? count(value) : fixed(value, 1));
  const names = CLASSES.slice(0, confusion.length).map((name) => CLASS_TEXT[name]);
  const lines = names.map((name, index) => [name, ...(confusion[index] ?? []).map(weight)]);
  return columnLines([["truth, verdict:", ...names], ...lines], columns);
}

function readingLines({ mass, swap }: SubjectEvaluation): string {
  const lines: string[] = [];
  if (mass !== null) {
    const { median, low, smallest, rows } = mass;
    lines.push(
      `Label mass of ${counted(rows, "row")}: median ${massText(median)}, 5th percentile ${massText(low)}, smallest ${massText(smallest)}.`,
    );
  }
  const position = swap === null ? null : positionOf(swap);
  if (swap !== null && position !== null) {
    const shift = withRange(estimateOf(swap.logOddsShift), loss);
    lines.push(swapText(position), `Being shown first moves the log odds of an answer by ${shift} nats.`);
  }
  return lines.join("\n");
}
