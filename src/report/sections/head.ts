import type { ReportData, Scores } from "../data/run-data.ts";
import { type Hole, type Html, html } from "../markup/html.ts";
import { massOf } from "../text/mass.ts";
import { count, duration, fixed, moment, percent, range } from "../text/number.ts";
import { runVerdict, type Verdict } from "../text/verdict.ts";

/** One number that a reader looks for first. */
export interface KeyFigure {
  readonly name: string;
  readonly value: string;
  readonly beside: string;
}

/** Builds the top of a run's page: verdict, key figures, warnings. */
export function runHead(data: ReportData): Html {
  return html`${pageHead("Run", data)}${verdictMarkup(runVerdict(data))}${keyFigures(runFigures(data))}${warnings(data.warnings)}`;
}

/** Builds the line above a verdict: what this is, its name, when it was made. */
export function pageHead(
  kind: string,
  data: { readonly name: string; readonly program: string; readonly madeAt: number },
): Html {
  return html`<p class="eyebrow">${kind} ${data.name} · ${data.program} · ${moment(data.madeAt)}</p>`;
}

/** Builds the verdict: its sentence as the heading of the page. */
export function verdictMarkup({ tone, sentence, also }: Verdict): Html {
  return html`<div class="verdict ${tone}"><h1>${sentence}</h1>${also.map((text) => html`<p>${text}</p>`)}</div>`;
}

/** Builds the row of key figures. */
export function keyFigures(figures: readonly KeyFigure[]): Html {
  return html`<dl class="figures-row">${figures.map(({ name, value, beside }) => html`<div><dt>${name}</dt><dd>${value}<small>${beside}</small></dd></div>`)}</dl>`;
}

/** Builds the list of warnings; nothing when there are none. */
export function warnings(texts: readonly string[]): Hole {
  return texts.length > 0 && html`<ul class="warnings">${texts.map((text) => html`<li>${text}</li>`)}</ul>`;
}

function runFigures(data: ReportData): KeyFigure[] {
  const { rows, timing } = data;
  const answered = rows.filter(({ obtained }) => obtained !== "prior").length;
  const scores = data.quality?.scores[0];
  const mass = massOf(rows);
  return [
    { name: "Rows answered", value: count(answered), beside: `of ${count(rows.length)}` },
    ...(scores ? scoreFigures(scores) : []),
    ...(mass
      ? [{ name: "Label mass, median", value: fixed(mass.median, 3), beside: `5th percentile ${fixed(mass.p5, 3)}` }]
      : []),
    ...(timing
      ? [
          {
            name: "Wall time",
            value: duration(timing.wallMs),
            beside: timing.deadlineMs === null ? "no deadline" : `of ${duration(timing.deadlineMs)}`,
          },
        ]
      : []),
    ...(timing && answered > 0
      ? [{ name: "Time per row", value: duration(timing.wallMs / answered), beside: tokensPerSecond(data) }]
      : []),
  ];
}

function scoreFigures({ logLoss, accuracy }: Scores): KeyFigure[] {
  return [
    { name: "Log loss, nats", value: fixed(logLoss.value, 3), beside: range(logLoss, (value) => fixed(value, 3)) },
    { name: "Accuracy", value: percent(accuracy.value, 1), beside: range(accuracy, (value) => percent(value, 1)) },
  ];
}

function tokensPerSecond({ requests, timing }: ReportData): string {
  const tokens = requests.reduce((sum, request) => sum + (request.ok ? request.tokens : 0), 0);
  return tokens > 0 && timing ? `${count(tokens / (timing.wallMs / 1000))} tokens/s` : "start-up included";
}
