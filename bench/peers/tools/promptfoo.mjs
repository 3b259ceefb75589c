// promptfoo on a running server: its OpenAI-compatible chat provider, and an assertion that looks at log probabilities.
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { TOOLS_FOLDER } from "../job.mjs";

export const PROMPTFOO = "0.121.20";
const OWN = join(TOOLS_FOLDER, "promptfoo");
const CONCURRENCY = 64;

export const promptfoo = {
  name: `promptfoo ${PROMPTFOO}`,
  kinds: ["warm"],
  prepare: async () => {
    if (existsSync(join(OWN, "node_modules/.bin/promptfoo"))) return;
    await mkdir(OWN, { recursive: true });
    await writeFile(join(OWN, "package.json"), '{"private":true}');
    execFileSync("npm", ["install", "--silent", `promptfoo@${PROMPTFOO}`], { cwd: OWN });
  },
  command: async ({ folder, chats, labels, served }, { env, url }) => {
    const config = {
      prompts: ["{{chat}}"],
      providers: [
        {
          id: `openai:chat:${served}`,
          config: {
            apiBaseUrl: `${url}/v1`,
            apiKey: "none",
            max_tokens: 1,
            temperature: 0,
            passthrough: {
              continue_final_message: true,
              add_generation_prompt: false,
              logprobs: true,
              logprob_token_ids: labels,
              return_tokens_as_token_ids: true,
            },
          },
        },
      ],
      defaultTest: { assert: [{ type: "javascript", value: "(context.logProbs ?? []).length > 0" }] },
      // A text with {{ }} or {% %} in it would be taken for a template.
      tests: chats.map((chat, row) => ({ vars: { row, chat: `{% raw %}${JSON.stringify(chat)}{% endraw %}` } })),
    };
    await writeFile(join(folder, "promptfoo.json"), JSON.stringify(config));
    return {
      command: process.execPath,
      args: [
        ...[join(OWN, "node_modules/.bin/promptfoo"), "eval", "-c", "promptfoo.json", "-o", "promptfoo-out.json"],
        ...["-j", String(CONCURRENCY), "--no-cache", "--no-progress-bar", "--no-table", "--no-share"],
      ],
      env: {
        ...env,
        PROMPTFOO_CONFIG_DIR: join(folder, "promptfoo-state"),
        PROMPTFOO_DISABLE_TELEMETRY: "1",
        PROMPTFOO_DISABLE_UPDATE: "1",
        PROMPTFOO_DISABLE_REMOTE_GENERATION: "1",
      },
      cwd: folder,
      file: join(folder, "promptfoo-out.json"),
      // 100: an assertion failed.
      statuses: [0, 100],
    };
  },
  result: async ({ folder }) => {
    const { results } = JSON.parse(await readFile(join(folder, "promptfoo-out.json"), "utf8"));
    const failed = results.results.find(({ error }) => error)?.error;
    // Its file has the log probability of the written token, and not those of the labels: there is nothing to compare.
    const note =
      failed === undefined ? "gives the log probability of the written token alone" : String(failed).slice(0, 200);
    return { scoring: null, logProbs: null, note };
  },
};
