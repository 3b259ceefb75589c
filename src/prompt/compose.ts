import type { ClassName } from "../types.ts";
import type { Template } from "./template/template.ts";
import { classesOfLabels, type TemplateVariables } from "./template/variables.ts";
import type { Message, Tokenizer } from "./tokenizer/tokenizer.ts";

/** A prompt before it is encoded: one text, or the messages of a chat together with the beginning of the answer. */
export type Prompt =
  | { readonly format: "raw"; readonly text: string }
  | { readonly format: "chat"; readonly messages: readonly Message[]; readonly answerPrefix: string };

/**
 * Fills a template and appends the answer prefix and `suffix`, the text with which the answer continues, for example a
 * label.
 */
export function composePrompt(template: Template, variables: TemplateVariables, suffix: string): Prompt {
  const body = template.render(variables);
  const answer = template.answerPrefix + suffix;
  switch (template.format) {
    case "text":
      return { format: "raw", text: body + answer };
    case "raw":
      return { format: "raw", text: `${body}\n${answer}` };
    case "decision": {
      const user: Message = {
        role: "user",
        content: `${body}\n\n${decisionText(template, optionOrders(template)[0])}`,
      };
      return { format: "chat", messages: withSystem(template, user), answerPrefix: answer };
    }
    case "chat": {
      const user: Message = { role: "user", content: body };
      return { format: "chat", messages: withSystem(template, user), answerPrefix: answer };
    }
    default:
      return template.format satisfies never;
  }
}

function withSystem({ system }: Template, user: Message): readonly Message[] {
  return system === null ? [user] : [{ role: "system", content: system }, user];
}

/** The orders in which the options of a structured decision are asked for: an order moves the probabilities. */
export function optionOrders({
  labels,
}: Pick<Template, "labels">): readonly [readonly ClassName[], readonly ClassName[]] {
  const classes = classesOfLabels(labels);
  return [classes, [...classes].reverse()];
}

/**
 * Writes the question of a structured decision with its lettered options as vLLM does behind the state (`QuestionType.prompt` in its
 * structured_decisions/question_types.py). `write` writes the name of an option. Throws an Error for a template of another format.
 */
export function decisionText(
  { decision, labels }: Template,
  order: readonly ClassName[],
  write = (label: string) => label,
): string {
  if (decision === null) throw new Error("only a template of the format decision has a question");
  const lines = order.map((name, at) => {
    const label = write(labels[name]?.[0] ?? "");
    return `${String.fromCodePoint(0x41 + at)}: ${label} - ${decision.options[name] ?? ""}`;
  });
  return [`Question: ${decision.question}`, ...lines, "Answer with the letter of one option only."].join("\n");
}

/**
 * Encodes a prompt: a raw prompt with the special tokens that the model puts around a text, a chat with the special
 * tokens of its chat template.
 */
export function encodePrompt(tokenizer: Tokenizer, prompt: Prompt): Promise<readonly number[]> {
  return prompt.format === "raw"
    ? tokenizer.encode(prompt.text, true)
    : tokenizer.encodeChat(prompt.messages, prompt.answerPrefix);
}

/** Renders a prompt as text for a person. Each message of a chat follows its role. */
export function describePrompt(prompt: Prompt): string {
  if (prompt.format === "raw") return prompt.text;
  const messages = [...prompt.messages, { role: "assistant", content: prompt.answerPrefix }];
  return messages.map(({ role, content }) => `[${role}]\n${content}`).join("\n\n");
}
