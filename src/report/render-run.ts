import type { ReportData } from "./data/run-data.ts";
import { html } from "./markup/html.ts";
import { bold, bullets, heading, markdownDocument, markdownTable, plain } from "./markup/markdown.ts";
import { page } from "./markup/page.ts";
import { about, aboutMarkdown } from "./sections/about.ts";
import { runHead } from "./sections/head.ts";
import { judgements } from "./sections/judgements.ts";
import { quality } from "./sections/quality.ts";
import { contents, sectionMarkup } from "./sections/section.ts";
import { slices } from "./sections/slices.ts";
import { sources } from "./sections/sources.ts";
import { time } from "./sections/time.ts";
import { worst } from "./sections/worst.ts";
import { fewLabelsSentences, fewLabelsTable } from "./tables/few-labels-table.ts";
import { judgesSentence, judgesTable } from "./tables/judges-table.ts";
import { scoreTable, sliceTable, sourceTable } from "./tables/run-tables.ts";
import { verdictSentence, verdictSetTable } from "./tables/verdict-set-table.ts";
import { swapText } from "./text/sentences.ts";
import { runVerdict } from "./text/verdict.ts";

/**
 * Renders a run as one HTML page that loads nothing from other addresses: verdict and key metrics, then judgements,
 * quality, slices, time, sources of the rows, the worst rows with their text, and the settings. All data is escaped.
 */
export function renderRun(data: ReportData): string {
  const sections = [judgements(data), quality(data), slices(data), time(data), sources(data), worst(data)];
  const all = [...sections, about(data, sections)];
  return page(`${data.name}: abtie report`, html`${runHead(data)}${contents(all)}${all.map(sectionMarkup)}`);
}

/**
 * Renders a run as Markdown for a pull request: verdict, warnings, scores, slices, sources of the rows, and the
 * settings.
 */
export function renderRunMarkdown(data: ReportData): string {
  const { rows, quality: known, verdicts, fewLabels, judges, position } = data;
  return markdownDocument([
    heading(2, `Run ${data.name}`),
    bold(runVerdict(data).sentence),
    bullets(data.warnings),
    ...(known === null ? [] : [markdownTable(scoreTable(known.scores, known.baselines))]),
    ...(verdicts === null ? [] : [markdownTable(verdictSetTable(verdicts)), plain(verdictSentence(verdicts))]),
    ...(fewLabels === null ? [] : [markdownTable(fewLabelsTable(fewLabels)), bullets(fewLabelsSentences(fewLabels))]),
    ...(known?.slices ?? []).map((group) => markdownTable(sliceTable(group, rows.length))),
    ...(position === null ? [] : [heading(3, "Order of the answers"), plain(swapText(position))]),
    ...(rows.length === 0 ? [] : [markdownTable(sourceTable(rows))]),
    ...(judges === null ? [] : [markdownTable(judgesTable(judges)), plain(judgesSentence(judges))]),
    ...aboutMarkdown(data),
  ]);
}
