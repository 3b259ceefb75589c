// Runs lm-evaluation-harness on the same server: the log likelihood of each of the three labels after each prompt.
import { execFileSync, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { LABELS } from "../lib/job.mjs";
import { output } from "../lib/processes.mjs";
import { ENGINE } from "../lib/vllm.mjs";

export const LM_EVAL = "0.4.13";

/** Runs the harness on the first rows. Returns the time from the first request to the last answer, and each row's log likelihoods. */
export async function runLmEval({ folder, texts }, url, { venv, model, rows, concurrent }) {
  if (!existsSync(join(venv, "bin/lm_eval"))) {
    execFileSync("python3", ["-m", "venv", venv]);
    execFileSync(join(venv, "bin/pip"), ["-q", "install", `lm-eval[api]==${LM_EVAL}`, "transformers"]);
  }
  const own = join(folder, "lm-eval");
  await rm(own, { recursive: true, force: true });
  await mkdir(own, { recursive: true });
  const lines = texts.slice(0, rows).map((prompt, row) => JSON.stringify({ row, prompt }));
  await writeFile(join(own, "rows.jsonl"), `${lines.join("\n")}\n`);
  const task = {
    task: "abtie_labels",
    dataset_path: "json",
    dataset_kwargs: { data_files: { test: join(own, "rows.jsonl") } },
    test_split: "test",
    output_type: "multiple_choice",
    doc_to_text: "{{prompt}}",
    target_delimiter: "",
    doc_to_choice: LABELS,
    doc_to_target: 0,
    metric_list: [{ metric: "acc" }],
  };
  await writeFile(join(own, "abtie_labels.yaml"), JSON.stringify(task));
  const args = [
    `model=${ENGINE.name},tokenizer=${model},tokenizer_backend=huggingface,tokenized_requests=True`,
    `base_url=${url}/v1/completions,num_concurrent=${concurrent},max_retries=3,max_length=2048,timeout=1200`,
  ];
  const child = spawn(
    join(venv, "bin/lm_eval"),
    [
      ...["run", "--model", "local-completions", "--model_args", args.join(","), "--tasks", "abtie_labels"],
      ...["--include_path", own, "--batch_size", "1", "--output_path", own, "--log_samples"],
    ],
    { env: { ...process.env, HF_HOME: join(own, "hf"), HF_HUB_OFFLINE: "1" }, stdio: ["ignore", "pipe", "pipe"] },
  );
  // The harness draws its progress bar with the first request and again with every answer.
  let first = null;
  let last = null;
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text) => {
    stderr += text;
    if (!/Requesting API/.test(text)) return;
    first ??= performance.now();
    last = performance.now();
  });
  await output(child, "lm_eval").catch((error) => {
    throw new Error(`${error.message}\n${stderr.slice(-3000)}`);
  });
  if (first === null || last === first) throw new Error("lm_eval showed no progress");
  const [sub] = (await readdir(own, { recursive: true })).filter((name) => /samples_.*\.jsonl$/.test(name));
  const samples = (await readFile(join(own, sub), "utf8"))
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  samples.sort((one, other) => one.doc_id - other.doc_id);
  const logLikelihoods = samples.map(({ filtered_resps }) => filtered_resps.map(([value]) => Number(value)));
  return {
    rows,
    tokens: null,
    seconds: (last - first) / 1000,
    logLikelihoods,
  };
}
