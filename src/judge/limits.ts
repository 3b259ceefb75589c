import type { Config } from "../config/config.ts";
import { AbtieError } from "../errors.ts";
import { isChat, type Template } from "../prompt/template/template.ts";
import type { ControlTokens } from "../prompt/tokenizer/tokenizer.ts";

/**
 * Computes the largest number of prompt tokens of a row: the context of the config, and the context length of the server (null: that
 * of the config is used) less `margin`. Throws AbtieError("config") when neither is known.
 */
export function longestPrompt(
  { context, engine }: Pick<Config, "context" | "engine">,
  maxModelLen: number | null,
  margin: number,
): number {
  const limit = maxModelLen ?? engine.maxModelLen;
  if (limit === null && context === null) {
    throw new AbtieError(
      "config",
      "the server does not report its context length: give `context` (the most prompt tokens) in the config",
    );
  }
  return Math.min(context ?? Number.POSITIVE_INFINITY, (limit ?? Number.POSITIVE_INFINITY) - margin);
}

/**
 * Says that the chat template has no control tokens between its turns, so that nothing keeps a text from looking like the next
 * turn; null when it has some, or when the template is no chat.
 */
export function describeMarkers(template: Template, { markers }: ControlTokens): string | null {
  if (!isChat(template) || markers.length === 0) return null;
  const words = markers.map(({ text }) => JSON.stringify(text)).join(", ");
  return `The model's chat template marks turns with plain words (${words}). They are broken up in the rows where the template could have written them, but a text can still imitate a turn in other words.`;
}
