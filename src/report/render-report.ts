import type { ReportData } from "./data/run-data.ts";
import { html } from "./markup/html.ts";
import { page } from "./markup/page.ts";
import { about } from "./sections/about.ts";
import { runHead } from "./sections/head.ts";
import { judgements } from "./sections/judgements.ts";
import { quality } from "./sections/quality.ts";
import { contents, sectionMarkup } from "./sections/section.ts";
import { slices } from "./sections/slices.ts";
import { obtained } from "./sections/sources.ts";
import { time } from "./sections/time.ts";
import { worst } from "./sections/worst.ts";

/**
 * Renders a run as one HTML page that needs nothing from outside: verdict and key figures, then judgements, quality, slices,
 * time, how rows were obtained, the worst rows with their text, and what was run. Data is escaped, whatever it holds.
 */
export function renderReport(data: ReportData): string {
  const sections = [judgements(data), quality(data), slices(data), time(data), obtained(data), worst(data)];
  const all = [...sections, about(data.facts, data.notes, sections)];
  return page(`${data.name}: abtie report`, html`${runHead(data)}${contents(all)}${all.map(sectionMarkup)}`);
}
