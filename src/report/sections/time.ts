import type { RequestPoint, Timing } from "../../runfolder/timeline/timeline.ts";
import { type ForecastHistory, forecastChart } from "../charts/forecast.ts";
import { requestTime } from "../charts/request-time.ts";
import { throughput } from "../charts/throughput.ts";
import type { ReportData } from "../data/run-data.ts";
import { type Html, html } from "../markup/html.ts";
import { forecastTable } from "../tables/run-tables.ts";
import { count, counted, duration } from "../text/number.ts";
import { figure, leftOut, type Section, section } from "./section.ts";
import { tableMarkup } from "./table.ts";

/** Shows how the time was used: throughput, time per request, and the accuracy of the forecasts. */
export function time({ timing, bands, ...data }: ReportData): Section {
  const requests = data.requests.filter(({ endMs, ms, tokens }) => Number.isFinite(endMs + ms + tokens) && tokens >= 0);
  const forecasts = data.forecasts.filter(({ atMs, endMs, share }) => Number.isFinite(atMs + endMs + share));
  if (timing === null || (requests.length === 0 && forecasts.length === 0)) {
    return leftOut("Time", "the run folder holds no requests and no forecasts");
  }
  const errors = forecastTable(forecasts, timing);
  return section(
    "time",
    "Time",
    html`<p>${summary(timing, requests)}${forecasts.length === 0 && " No forecast was made."}</p>
<div class="figures">${requests.length > 0 && throughputFigure(requests, timing)}${requests.some(({ ok }) => ok) && requestFigure(requests)}
${forecasts.length > 0 && forecastFigure({ forecasts, bands, timing })}${errors.rows.length > 0 && html`<div>${tableMarkup(errors)}</div>`}</div>`,
  );
}

function summary({ startupMs, wallMs }: Timing, requests: readonly RequestPoint[]): string {
  const failed = requests.filter(({ ok }) => !ok).length;
  const start = startupMs === null ? "" : `, ${duration(startupMs)} of it before the first request`;
  const sent = `; ${counted(requests.length, "request")}, ${failed > 0 ? count(failed) : "none"} of them failed`;
  return `The run took ${duration(wallMs)}${start}${requests.length === 0 ? "" : sent}.`;
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
  const above = hidden > 0 ? ` ${counted(hidden, "slower request")} lie above the frame.` : "";
  return figure(
    "Tokens against time, per request",
    chart,
    `Each successful request is a point; the line joins the medians of ten parts with equally many requests.${above}`,
  );
}

function forecastFigure(history: ForecastHistory): Html {
  const swapped = history.forecasts.some(({ pass }) => pass === 2)
    ? " Until every row is scored once, the forecast is that of the first pass; after that, of the swap pass."
    : "";
  return figure(
    "Forecast against reality",
    forecastChart(history),
    `The line is the forecast end, with its 90\u00a0% interval; the background shows the step in force. A good forecast closes in on the actual end from the left and stays on it.${swapped}`,
  );
}
