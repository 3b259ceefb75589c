import { type Course, forecastChart } from "../charts/forecast.ts";
import { requestTime } from "../charts/request-time.ts";
import { throughput } from "../charts/throughput.ts";
import type { ForecastPoint, ReportData, RequestPoint, Timing } from "../data/run-data.ts";
import { type Hole, type Html, html } from "../markup/html.ts";
import { count, duration, NONE, percent, signed } from "../text/number.ts";
import { figure, leftOut, type Section, shown } from "./section.ts";
import { table } from "./table.ts";

/** Shows where the time went: throughput, time per request, and how good the forecasts were. */
export function time({ timing, ...data }: ReportData): Section {
  const requests = data.requests.filter(({ endMs, ms, tokens }) => Number.isFinite(endMs + ms + tokens) && tokens >= 0);
  const forecasts = data.forecasts.filter(({ atMs, endMs, share }) => Number.isFinite(atMs + endMs + share));
  if (timing === null || (requests.length === 0 && forecasts.length === 0)) {
    return leftOut("Time", "the run folder holds no requests and no forecasts");
  }
  return shown(
    "time",
    "Time",
    html`<p>${summary(timing, requests)}${forecasts.length === 0 && " No forecast was made."}</p>
<div class="figures">${requests.length > 0 && throughputFigure(requests, timing)}${requests.some(({ ok }) => ok) && requestFigure(requests)}
${forecasts.length > 0 && [forecastFigure({ forecasts, bands: data.bands, timing }), forecastTable(forecasts, timing)]}</div>`,
  );
}

function summary({ startupMs, wallMs }: Timing, requests: readonly RequestPoint[]): string {
  const failed = requests.filter(({ ok }) => !ok).length;
  const start = startupMs === null ? "" : `, ${duration(startupMs)} of it before the first request`;
  const sent =
    requests.length === 0
      ? ""
      : `; ${count(requests.length)} requests${failed > 0 ? `, ${count(failed)} of them failed` : ", none of them failed"}`;
  return `The run took ${duration(wallMs)}${start}${sent}.`;
}

function throughputFigure(requests: readonly RequestPoint[], { wallMs }: Timing): Html {
  const failed = requests.some(({ ok }) => !ok);
  return figure(
    "Throughput over the run",
    throughput(requests, wallMs),
    `Tokens of successful requests, spread over the time that each took; the broken line is their mean.${failed ? " Red marks below: requests failed here." : ""}`,
  );
}

function requestFigure(requests: readonly RequestPoint[]): Html {
  const { chart, hidden } = requestTime(requests);
  const above = hidden > 0 ? ` ${count(hidden)} slower than the frame are not shown.` : "";
  return figure(
    "Tokens against time, per request",
    chart,
    `Each successful request is a point; the line joins the medians of ten parts with equally many requests.${above}`,
  );
}

function forecastFigure(course: Course): Html {
  const swapped = course.forecasts.some(({ pass }) => pass === 2)
    ? " While every row is scored once, the end of that is foreseen; then that of the swapped order for some rows."
    : "";
  return figure(
    "Forecast against reality",
    forecastChart(course),
    `Where each forecast saw the end, with its 90\u00a0% interval; the ground shows what was in force. Read from the left: it should close in on the actual end and hold it all the way.${swapped}`,
  );
}

/** The forecasts nearest to 2, 10 and 50 % of the work. */
function forecastTable(forecasts: readonly ForecastPoint[], { wallMs, firstPassMs }: Timing): Hole {
  const ends = { 1: firstPassMs ?? wallMs, 2: wallMs };
  const columns = [
    { name: "Work done", numeric: true },
    { name: "Forecast of the end", numeric: true },
    { name: "Error", numeric: true },
    { name: "Interval held", numeric: false },
  ];
  const picked = [0.02, 0.1, 0.5].flatMap((share) => forecasts.find((point) => point.share >= share) ?? []);
  if (picked.length === 0) return null;
  return html`<div>${table(
    "How good the forecast was",
    columns,
    [...new Set(picked)].map(({ share, pass, endMs, lowMs, highMs }) => {
      const end = ends[pass];
      const held = lowMs <= end && end <= highMs;
      const error = (endMs - end) / end;
      return [
        { body: percent(share), sort: share },
        { body: html`${duration(endMs)}<small>${duration(lowMs)} to ${duration(highMs)}</small>`, sort: endMs },
        { body: Number.isFinite(error) ? `${signed(100 * error, 1)}\u00a0%` : NONE, sort: error },
        { body: held ? "yes" : "no", kind: held ? "yes" : "no" },
      ];
    }),
  )}</div>`;
}
