import { AbtieError } from "../../errors.ts";
import { type LabelTexts, type TemplateVariables, type TurnTexts, viewConversation } from "./variables.ts";

/**
 * Renders example rows with one turn and with three turns, and checks that the text contains the prompt and both
 * answers of the last turn. Throws AbtieError("config") with the names of the missing variables, and the error of a
 * rendering that fails.
 */
export function checkDisplay(
  path: string,
  render: (variables: Readonly<Record<string, unknown>>) => string,
  labels: LabelTexts,
): void {
  for (const count of [1, 3]) {
    const turns = Array.from({ length: count }, (_, i) => markedTurn(i + 1));
    const variables: TemplateVariables = viewConversation({ turns, dropped: 0 }, "ab", labels);
    const text = render({ ...variables }).toLowerCase();
    const last = markedTurn(count);
    const missing = FIELDS.filter(([key]) => !text.includes(last[key]));
    if (missing.length > 0) {
      const names = missing.map(([, name]) => `"${name}"`).join(" and ");
      const when = count === 1 ? "" : ` of the last turn, when there are ${count} turns`;
      throw new AbtieError(
        "config",
        `${path}: the template does not show ${names}${when}; use {{ prompt }}, {{ response_a }} and {{ response_b }}, or the fields of the turns in a loop: {% for turn in turns %}.`,
      );
    }
  }
}

const FIELDS = [
  ["prompt", "prompt"],
  ["a", "response_a"],
  ["b", "response_b"],
] as const;

function markedTurn(number: number): TurnTexts {
  return { number, prompt: `question${number}mark`, a: `first${number}mark`, b: `second${number}mark` };
}
