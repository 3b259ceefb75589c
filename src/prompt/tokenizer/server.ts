import { foldSystem } from "./chat-template.ts";
import { WELL_KNOWN_CONTROL_TOKENS } from "./control-tokens.ts";
import type { Message, Tokenizer } from "./tokenizer.ts";

/** The body of vLLM's `POST /tokenize`, without the model's name. */
export type TokenizeBody =
  | { readonly prompt: string; readonly add_special_tokens: boolean }
  | {
      readonly messages: readonly Message[];
      readonly add_generation_prompt: boolean;
      readonly continue_final_message: boolean;
      readonly add_special_tokens: false;
    };

/**
 * Creates a tokenizer that sends texts to the server, for models with files that are not on this machine. `tokenize`
 * sends one body and returns the ids. If the server refuses the system role (HTTP 400), the system text is put into the
 * user's message.
 */
export function serverTokenizer(tokenize: (body: TokenizeBody) => Promise<readonly number[]>): Tokenizer {
  let fold = false;
  return {
    encode: (prompt, specials) => tokenize({ prompt, add_special_tokens: specials }),
    encodeChat: async (messages, answerPrefix) => {
      const ask = (shown: readonly Message[]): Promise<readonly number[]> => tokenize(chatBody(shown, answerPrefix));
      const folded = foldSystem(messages);
      if (fold || folded === messages) return ask(folded);
      try {
        return await ask(messages);
      } catch (error) {
        if (!isRefusal(error)) throw error;
        const ids = await ask(folded);
        fold = true;
        return ids;
      }
    },
    controlTokens: WELL_KNOWN_CONTROL_TOKENS,
    normalise: null,
    source: "server",
  };
}

// Without an answer prefix, the body contains no assistant message to continue, so the server adds the beginning of the
// answer.
function chatBody(messages: readonly Message[], answerPrefix: string): TokenizeBody {
  const begun = answerPrefix !== "";
  return {
    messages: begun ? [...messages, { role: "assistant", content: answerPrefix }] : messages,
    add_generation_prompt: !begun,
    continue_final_message: begun,
    add_special_tokens: false,
  };
}

function isRefusal(error: unknown): boolean {
  return error instanceof Error && "kind" in error && error.kind === "bad-request";
}
