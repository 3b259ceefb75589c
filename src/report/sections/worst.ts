import { CLASSES } from "../../types.ts";
import { stackedBar } from "../charts/stacked.ts";
import { argmax, CLASS_TEXT } from "../classes.ts";
import type { ReportData, WorstRow } from "../data.ts";
import { type Html, html } from "../html.ts";
import { count, fixed, percent } from "../number.ts";
import { short } from "../visible.ts";
import { OBTAINED_TEXT } from "./obtained.ts";
import { classKey, leftOut, type Section, shown } from "./section.ts";
import { turnsText } from "./text.ts";

const MOST = 20;

/** Takes the rows whose text is shown. */
export function shownWorst(rows: readonly WorstRow[]): readonly WorstRow[] {
  return rows.slice(0, MOST);
}

/** Names the fragment under which a shown row is found. */
export function rowTarget(index: number): string {
  return `row-${index + 1}`;
}

/** Shows the worst rows with their text: by loss where labels exist, else as given. */
export function worst({ worst: rows }: ReportData): Section {
  const listed = shownWorst(rows);
  if (listed.length === 0) return leftOut("Rows worth reading", "none were chosen");
  const judged = listed.some(({ loss }) => loss !== null);
  const title = judged ? "The worst rows" : "The least certain rows";
  const keys = [
    ...(judged ? ["loss:loss:down"] : ["order:least certain:up"]),
    "mass:least label mass:up",
    "tokens:most tokens:down",
    "id:id:up",
  ];
  return shown(
    "rows",
    title,
    html`<p class="lead">Text is shown as it stands in the data; characters that hide or reorder text appear as their code, such as ‹U+202E›. ${classKey(false)}</p>
<ol class="worst" data-keys="${keys.join(",")}">${listed.map(item)}</ol>`,
  );
}

function item({ row, scored, loss }: WorstRow, index: number): Html {
  const { probabilities, mass, tokens, cutTokens } = scored;
  const truth = argmax(scored.truth);
  const said = argmax(probabilities);
  const facts = [
    loss !== null && `loss ${fixed(loss, 2)}`,
    mass !== null && `label mass ${fixed(mass, 3)}`,
    tokens !== null && `${count(tokens)} tokens`,
    cutTokens > 0 && `shortened by ${count(cutTokens)}`,
    OBTAINED_TEXT[scored.obtained],
    scored.reason !== null && short(scored.reason, 120),
  ].filter((fact) => fact !== false);
  const odds = CLASSES.map((name, position) => `${CLASS_TEXT[name]} ${percent(probabilities[position] ?? null)}`);
  const parts = CLASSES.map((name, position) => ({
    value: probabilities[position] ?? 0,
    text: odds[position] ?? "",
    colour: `s-${name}`,
  }));
  return html`<li id="${rowTarget(index)}" data-order="${index}" data-id="${short(scored.id, 80)}"${number("loss", loss)}${number("mass", mass)}${number("tokens", tokens)}>
<div class="row-head"><div><h3>Row ${short(scored.id, 80)}: ${said === null ? "undecided" : `said ${CLASS_TEXT[said]}`}${truth !== null && `, truth ${CLASS_TEXT[truth]}`}</h3><p>${facts.join(" · ")}</p></div>
<div><p class="odds">${odds.map((text) => html`<span>${text}</span>`)}</p>${stackedBar("bar3", parts)}</div></div>
<div class="texts"><div class="asked"><h4>Prompt</h4>${turnsText(row.prompts)}</div><div><h4>Answer A</h4>${turnsText(row.responsesA)}</div><div><h4>Answer B</h4>${turnsText(row.responsesB)}</div></div></li>`;
}

function number(name: string, value: number | null): Html | false {
  // The names are those of this file, so an attribute can be built from them.
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
