// lm-evaluation-harness with its vLLM backend, which starts the engine: a multiple choice between the three labels.
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { LABELS } from "../../lib/job.mjs";
import { LM_EVAL } from "../../real/lm-eval.mjs";
import { installBeside, readLines } from "../job.mjs";

export const lmEval = {
  name: `lm-evaluation-harness ${LM_EVAL}, vllm`,
  kinds: ["cold"],
  prepare: async ({ folder }, { python }) => {
    await installBeside(python, "lm-eval", [`lm-eval==${LM_EVAL}`]);
    const own = join(folder, "lm-eval");
    await mkdir(own, { recursive: true });
    const task = {
      task: "abtie_labels",
      dataset_path: "json",
      dataset_kwargs: { data_files: { test: join(folder, "texts.jsonl") } },
      test_split: "test",
      output_type: "multiple_choice",
      doc_to_text: "{{prompt}}",
      target_delimiter: "",
      doc_to_choice: LABELS,
      doc_to_target: 0,
      metric_list: [{ metric: "acc" }],
    };
    await writeFile(join(own, "abtie_labels.yaml"), JSON.stringify(task));
  },
  command: async ({ folder }, { env, python, engineArgs, model }) => {
    const own = join(folder, "lm-eval");
    await rm(join(own, "out"), { recursive: true, force: true });
    await mkdir(join(own, "out"));
    return {
      command: python,
      args: [
        ...["-m", "lm_eval", "run", "--model", "vllm", "--model_args", modelArgs(model, engineArgs)],
        ...["--tasks", "abtie_labels", "--include_path", own, "--batch_size", "auto"],
        ...["--output_path", join(own, "out"), "--log_samples"],
      ],
      env: {
        ...env,
        PYTHONPATH: await installBeside(python, "lm-eval", []),
        HF_HOME: join(own, "hf"),
        TQDM_DISABLE: undefined,
      },
      cwd: folder,
      // It names its files by the time.
      file: () => samplesOf(own),
      hasFirst: async () => (await samplesOf(own)) !== undefined,
    };
  },
  result: async ({ folder, rows }, { stderr }) => {
    const own = join(folder, "lm-eval");
    const logProbs = Array.from({ length: rows }, () => null);
    for (const { doc, resps } of await readLines(await samplesOf(own))) {
      logProbs[doc.row] = resps.map(([[value]]) => Number(value));
    }
    const bars = stderr.filter(({ text }) => /Running loglikelihood/.test(text));
    return { scoring: bars.length < 2 ? null : bars.at(-1).at - bars[0].at, logProbs, note: "" };
  },
};

/** Writes flags of vLLM as the harness takes them: --max-model-len 2048 becomes max_model_len=2048. */
function modelArgs(model, flags) {
  const given = [];
  for (let at = 0; at < flags.length; at += 1) {
    const name = flags[at].slice(2);
    const hasValue = flags[at + 1] !== undefined && !flags[at + 1].startsWith("--");
    const plain = name.replace(/^no-/, "").replaceAll("-", "_");
    given.push(`${plain}=${hasValue ? flags[at + 1] : name.startsWith("no-") ? "False" : "True"}`);
    if (hasValue) at += 1;
  }
  return [`pretrained=${model}`, ...given].join(",");
}

async function samplesOf(own) {
  const names = await readdir(join(own, "out"), { recursive: true }).catch(() => []);
  const name = names.find((one) => /samples_.*\.jsonl$/.test(one));
  return name === undefined ? undefined : join(own, "out", name);
}
