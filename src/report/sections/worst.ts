import { CLASS_TEXT, clearWinner } from "../../classes.ts";
import type { Classes, Turn } from "../../types.ts";
import { stackedBar } from "../charts/stacked.ts";
import type { ReportData, WorstRow } from "../data/run-data.ts";
import { type Html, html } from "../markup/html.ts";
import { head, short } from "../markup/visible.ts";
import { SOURCE_TEXT } from "../tables/run-tables.ts";
import { count, counted, fixed, massText, percent } from "../text/number.ts";
import { classKey, leftOut, type Section, section } from "./section.ts";

const MOST = 20;

/** Chooses the rows for which the page shows the text. */
export function shownWorst(rows: readonly WorstRow[]): readonly WorstRow[] {
  return rows.slice(0, MOST);
}

/** Returns the fragment of a listed row; links to the row use it. */
export function rowTarget(index: number): string {
  return `row-${index + 1}`;
}

/** Shows the worst rows with their text: by loss if labels exist, else the least certain rows first. */
export function worst({ worst: rows, classes }: ReportData): Section {
  const listed = shownWorst(rows);
  if (listed.length === 0) return leftOut("Rows worth reading", "none were chosen");
  const judged = listed.some(({ loss }) => loss !== null);
  const title = judged ? "The worst rows" : "The least certain rows";
  const keys = [
    ...(judged ? ["loss:loss:down"] : ["order:least certain:up"]),
    ...(listed.some(({ scored }) => scored.mass !== null) ? ["mass:least label mass:up"] : []),
    "tokens:most tokens:down",
    "id:id:up",
  ];
  return section(
    "rows",
    title,
    html`<p class="lead">Text is shown as it stands in the data; characters that hide or reorder text appear as their code, such as ‹U+202E›. ${classKey(classes, false)}</p>
<ol class="worst" data-keys="${keys.join(",")}">${listed.map((row, index) => item(row, index, classes))}</ol>`,
  );
}

function item({ row, scored, loss }: WorstRow, index: number, classes: Classes): Html {
  const { probabilities, mass, tokens, cutTokens } = scored;
  const truth = clearWinner(scored.truth);
  const verdict = clearWinner(probabilities);
  const fields = [
    loss !== null && `loss ${fixed(loss, 2)}`,
    mass !== null && `label mass ${massText(mass)}`,
    tokens !== null && `${counted(tokens, "token")}`,
    cutTokens > 0 && `shortened by ${count(cutTokens)}`,
    SOURCE_TEXT[scored.source],
    scored.reason !== null && short(scored.reason, 120),
  ].filter((field) => field !== false);
  const odds = classes.map((name, position) => `${CLASS_TEXT[name]} ${percent(probabilities[position] ?? null)}`);
  const parts = classes.map((name, position) => ({
    value: probabilities[position] ?? 0,
    text: odds[position] ?? "",
    colour: `s-${name}`,
  }));
  return html`<li id="${rowTarget(index)}" data-order="${index}" data-id="${short(scored.id, 80)}"${number("loss", loss)}${number("mass", mass)}${number("tokens", tokens)}>
<div class="row-head"><div><h3>Row ${short(scored.id, 80)}: ${verdict === null ? "undecided" : `verdict ${CLASS_TEXT[verdict]}`}${truth !== null && `, truth ${CLASS_TEXT[truth]}`}</h3><p>${fields.join(" · ")}</p></div>
<div><p class="odds">${odds.map((text) => html`<span>${text}</span>`)}</p>${stackedBar("bar3", parts)}</div></div>
<div class="texts"><div class="asked"><h4>Prompt</h4>${turnsText(row.prompts)}</div><div><h4>Answer A</h4>${turnsText(row.responsesA)}</div><div><h4>Answer B</h4>${turnsText(row.responsesB)}</div></div></li>`;
}

function number(name: string, value: number | null): Html | false {
  // The markup of each attribute is written here in full, because an attribute name from data could add another
  // attribute.
  return (
    value !== null &&
    Number.isFinite(value) &&
    (name === "loss"
      ? html` data-loss="${value}"`
      : name === "mass"
        ? html` data-mass="${value}"`
        : html` data-tokens="${value}"`)
  );
}

/** Length of text that is shown at once, in characters and lines; a click opens the rest. */
const PREVIEW = { characters: 700, lines: 14 };
/** Characters of each side of a row that the page contains; the rest is only in the data file. */
const LIMIT = 6000;
const TURNS = 8;

/** Shows the turns of one side of a row as text. Long turns are collapsed, and very long turns are cut with a note. */
export function turnsText(turns: readonly Turn[]): Html {
  if (turns.length === 0) return html`<p class="none">no turns</p>`;
  const listed = turns.slice(0, TURNS);
  const limit = Math.floor(LIMIT / listed.length);
  const more = turns.length - listed.length;
  return html`${listed.map((turn, index) => html`${turns.length > 1 && html`<p class="turn">turn ${index + 1} of ${turns.length}</p>`}${turnText(turn, limit)}`)}${more > 0 && html`<p class="cut">${count(more)} more turns are in the data file.</p>`}`;
}

function turnText(turn: Turn, limit: number): Html {
  if (turn === null) return html`<p class="none">null</p>`;
  if (turn === "") return html`<p class="none">empty</p>`;
  if (turn.trim() === "") return html`<p class="none">white space only, ${count(turn.length)} characters</p>`;
  const first = preview(turn, limit);
  const held = head(turn, limit);
  const rest = held.slice(first.length);
  const beyond = turn.length - held.length;
  return html`<div class="text" dir="auto">${first}</div>${rest !== "" && html`<details><summary>${count(rest.length)} more characters</summary><div class="text" dir="auto">${rest}</div></details>`}${beyond > 0 && html`<p class="cut">${count(beyond)} further characters are in the data file only.</p>`}`;
}

function preview(text: string, limit: number): string {
  const most = Math.min(limit, PREVIEW.characters);
  if (text.length <= most && text.split("\n").length <= PREVIEW.lines) return text;
  const start = head(text, most);
  const lines = start.split("\n");
  if (lines.length > PREVIEW.lines) return `${lines.slice(0, PREVIEW.lines).join("\n")}\n`;
  // If a space is near the limit, the text is cut there, between two words.
  const space = start.lastIndexOf(" ");
  return space > most - 60 ? start.slice(0, space + 1) : start;
}
