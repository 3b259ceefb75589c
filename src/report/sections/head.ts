import { massOf } from "../charts/mass.ts";
import type { AgreementData, ComparisonData, VariantResult } from "../data/comparison-data.ts";
import type { Estimate, ReportData } from "../data/run-data.ts";
import { type Hole, type Html, html } from "../markup/html.ts";
import { loss, rate } from "../tables/table.ts";
import { agreementVerdict } from "../text/agreement-verdict.ts";
import { comparisonVerdict, judgedLoss, recommended } from "../text/comparison-verdict.ts";
import { count, counted, duration, massText, moment, NONE, range, small } from "../text/number.ts";
import { runVerdict, type Verdict } from "../text/verdict.ts";

/** One of the most important numbers, with a note in small letters below it. */
interface KeyMetric {
  readonly name: string;
  readonly value: string;
  readonly below: string;
}

/** Builds the top of a run's page: verdict, key metrics, warnings. */
export function runHead(data: ReportData): Html {
  return head("Run", data, runVerdict(data), runMetrics(data));
}

/** Builds the top of a comparison's page: verdict, key metrics, warnings. */
export function comparisonHead(data: ComparisonData): Html {
  return head("Comparison", data, comparisonVerdict(data), comparisonMetrics(data));
}

/** Builds the top of the page of a comparison without labels: verdict, key metrics, warnings. */
export function agreementHead(data: AgreementData): Html {
  return head("Comparison", data, agreementVerdict(data), agreementMetrics(data));
}

function head(
  kind: string,
  { name, program, madeAt, warnings }: Pick<ReportData, "name" | "program" | "madeAt" | "warnings">,
  { tone, sentence, also }: Verdict,
  metrics: readonly KeyMetric[],
): Html {
  return html`<p class="eyebrow">${kind} ${name} · ${program} · ${moment(madeAt)}</p>
<div class="verdict ${tone}"><h1>${sentence}</h1>${paragraphs(also)}</div>
<dl class="metrics">${metrics.map((one) => html`<div><dt>${one.name}</dt><dd>${one.value}<small>${one.below}</small></dd></div>`)}</dl>
${warnings.length > 0 && html`<ul class="warnings">${warnings.map((text) => html`<li>${text}</li>`)}</ul>`}`;
}

function paragraphs(texts: readonly string[]): Hole {
  return texts.map((text) => html`<p>${text}</p>`);
}

function runMetrics(data: ReportData): KeyMetric[] {
  const { rows, timing, quality } = data;
  const answered = rows.filter(({ source }) => source !== "prior").length;
  const scores = quality?.scores[0];
  const mass = massOf(rows);
  const deadline = timing?.deadlineMs ?? null;
  return [
    { name: "Rows answered", value: count(answered), below: `of ${count(rows.length)}` },
    ...(scores ? [lossMetric(scores.logLoss), accuracyMetric(scores.accuracy)] : []),
    ...(mass
      ? [{ name: "Label mass, median", value: massText(mass.median), below: `5th percentile ${massText(mass.p5)}` }]
      : []),
    ...(timing
      ? [
          {
            name: "Wall time",
            value: duration(timing.wallMs),
            below: deadline === null ? "no deadline" : `of ${duration(deadline)}`,
          },
        ]
      : []),
    ...(timing && answered > 0
      ? [{ name: "Time per row", value: duration(timing.wallMs / answered), below: tokensPerSecond(data) }]
      : []),
  ];
}

function tokensPerSecond({ requests, timing }: ReportData): string {
  const tokens = requests.reduce((sum, request) => sum + (request.ok ? request.tokens : 0), 0);
  return tokens > 0 && timing ? `${count(tokens / (timing.wallMs / 1000))} tokens/s` : "start-up included";
}

function comparisonMetrics(data: ComparisonData): KeyMetric[] {
  const { variants, pairs, rows, groups, job, noiseFloor, stopping, race } = data;
  const best = race === null ? recommended(variants) : variants.find(({ name }) => name === race.winner);
  const score = race?.corrected ?? null;
  const decided = pairs.filter(({ better }) => better !== null).length;
  const stopped = stopping?.stoppedAt ? `of ${count(stopping.available)}, stopped early` : counted(groups, "prompt");
  const allowed = job.deadlineMs === null ? "" : `, ${duration(job.deadlineMs)} allowed`;
  return [
    ...(best
      ? [lossMetric(score?.logLoss ?? judgedLoss(best)), accuracyMetric(score?.accuracy ?? accuracyOf(best))]
      : []),
    {
      name: "Variants",
      value: count(variants.length),
      below: `${count(decided)} of ${counted(pairs.length, "difference")} decided`,
    },
    { name: "Rows", value: count(rows), below: stopped },
    ...(best ? [{ name: "Job", value: duration(best.jobMs), below: `${counted(job.rows, "row")}${allowed}` }] : []),
    {
      name: "Noise floor",
      value: noiseFloor === 0 ? "none" : small(noiseFloor),
      below: noiseFloor === null ? "not measured" : noiseFloor === 0 ? "the same numbers again" : "nats",
    },
  ];
}

function agreementMetrics({ agreement, variants, rows, groups, job }: AgreementData): KeyMetric[] {
  const [only, other] = agreement;
  const slowest = Math.max(...variants.map(({ jobMs }) => jobMs));
  return [
    ...(only === undefined || other !== undefined
      ? []
      : [
          { name: "Same verdict", value: rate(only.share.value), below: range(only.share, rate) },
          {
            name: "Kappa",
            value: only.kappa === null ? NONE : loss(only.kappa.value),
            below: only.kappa === null ? "one verdict for all rows" : range(only.kappa, loss),
          },
        ]),
    { name: "Variants", value: count(variants.length), below: counted(agreement.length, "pair") },
    { name: "Rows", value: count(rows), below: counted(groups, "prompt") },
    { name: "Job, slowest variant", value: duration(slowest), below: counted(job.rows, "row") },
  ];
}

function accuracyOf({ calibrated, raw }: VariantResult): Estimate {
  return (calibrated ?? raw).accuracy;
}

function lossMetric(estimate: Estimate): KeyMetric {
  return { name: "Log loss, nats", value: loss(estimate.value), below: range(estimate, loss) };
}

function accuracyMetric(estimate: Estimate): KeyMetric {
  return { name: "Accuracy", value: rate(estimate.value), below: range(estimate, rate) };
}
