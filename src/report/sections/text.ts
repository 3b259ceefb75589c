import type { Turn } from "../../types.ts";
import { type Html, html } from "../html.ts";
import { count } from "../number.ts";
import { head } from "../visible.ts";

/** Characters and lines that are shown at once; the rest opens on a click. */
const PREVIEW = { characters: 700, lines: 14 };
/** Characters of one side that the page holds at all. */
const LIMIT = 6000;
const TURNS = 8;

/** Shows the turns of one side of a row as text, long ones behind a fold, very long ones cut with a word about it. */
export function turnsText(turns: readonly Turn[]): Html {
  if (turns.length === 0) return html`<p class="none">no turns</p>`;
  const shown = turns.slice(0, TURNS);
  const limit = Math.floor(LIMIT / shown.length);
  const more = turns.length - shown.length;
  return html`${shown.map((turn, index) => html`${turns.length > 1 && html`<p class="turn">turn ${index + 1} of ${turns.length}</p>`}${turnText(turn, limit)}`)}${more > 0 && html`<p class="cut">${count(more)} more turns are in the data file.</p>`}`;
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
  // Between two words, where one ends near.
  const space = start.lastIndexOf(" ");
  return space > most - 60 ? start.slice(0, space + 1) : start;
}
