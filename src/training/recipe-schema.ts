import { z } from "zod";

const share = z.number().min(0).max(1);
const file = z.string().min(1);
const positive = z.int().min(1);

/** The projections of a decoder that LoRA can train, as PEFT names them. */
export const PROJECTIONS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"] as const;

const foldsSchema = z.strictObject({
  by: z
    .enum(["prompt", "position", "none"])
    .default("prompt")
    .describe("How rows are divided; see `abtie prepare --folds-by`. Default prompt."),
  count: z.int().min(2).max(1000).default(5).describe("Number of folds; default 5."),
  held_out: z.int().min(0).default(0).describe("The fold that is not trained on; default 0."),
});

/** The keys of `data` that are not those of a job. */
const dataSchema = z.looseObject({
  orders: z.enum(["one", "both"]).default("both").describe("Train one order of the answers or both; default both."),
  soft: z
    .enum(["labels", "votes"])
    .default("labels")
    .describe("Learn the label columns, or the votes of each row as shares; default labels."),
  folds: foldsSchema.prefault({}),
  extra: z.array(file).default([]).describe("Files whose rows are appended unless an earlier file has their prompt."),
  messages: z
    .string()
    .min(1)
    .default("messages")
    .describe("For the head answer: the column with the chats; default messages."),
  teacher: file.nullable().default(null).describe("Folder of a run whose probabilities are learned instead."),
});

const loraSchema = z.strictObject({
  r: z.int().min(1).max(1024).default(16).describe("Rank of the matrices; default 16."),
  alpha: z.number().gt(0).default(32).describe("Scale of the matrices, divided by r; default 32."),
  dropout: share.default(0).describe("Share of inputs that are dropped; default 0."),
  targets: z
    .union([z.literal("all-linear"), z.array(z.enum(PROJECTIONS)).min(1)])
    .default("all-linear")
    .describe("The projections that get matrices; default all-linear."),
  layers: z
    .string()
    .regex(/^\d+(-\d+)?$/, 'expected a range of layers such as "16-41", counted from 0')
    .nullable()
    .default(null)
    .describe('The layers that get matrices, for example "16-41", both included; default all.'),
  bias: z.literal("none").default("none"),
});

const loadSchema = z.strictObject({
  bits: z
    .union([z.literal(4), z.literal(8), z.literal(16), z.literal(32)])
    .default(16)
    .describe("Bits of a weight of the base while it is trained; default 16."),
  quant: z.literal("nf4").default("nf4"),
  double: z.boolean().default(true).describe("Quantise the scales of 4-bit weights too; default true."),
  compute: z
    .enum(["float16", "bfloat16", "float32"])
    .default("bfloat16")
    .describe("Data type of the sums; default bfloat16."),
  attention: z.enum(["eager", "sdpa"]).default("sdpa").describe("Gemma 2 needs eager; default sdpa."),
  checkpointing: z.boolean().default(true).describe("Compute activations again instead of keeping them; default true."),
  shard: z
    .boolean()
    .default(false)
    .describe(
      "Share the base, the trained matrices and their states between the GPUs (FSDP) instead of a copy on each; default false. " +
        "Written after the documentation, and not yet run on GPUs.",
    ),
});

const trainingSchema = z.strictObject({
  epochs: z.number().gt(0).max(1000).default(1),
  batch: positive.default(4).describe("Prompts of one step on one device; default 4."),
  accumulation: positive.default(1).describe("Batches of one step; default 1."),
  learning_rate: z.number().gt(0).lt(1).default(2e-4),
  schedule: z.enum(["linear", "cosine", "constant"]).default("linear"),
  warmup: z.number().min(0).default(0).describe("Steps; below 1 a share of all steps. Default 0."),
  optimizer: z.enum(["adamw_torch", "adamw_8bit", "paged_adamw_32bit"]).default("adamw_torch"),
  weight_decay: z.number().min(0).default(0),
  max_grad_norm: z.number().gt(0).default(1),
  precision: z.enum(["fp16", "bf16", "fp32"]).default("bf16"),
  padding: z.enum(["right", "left"]).default("right"),
  group_by_length: z.boolean().default(false),
  seed: z.int().min(0).default(0),
  evaluate_every: positive.default(200).describe("Steps between two measurements on the held-out rows; default 200."),
  save_every: positive.default(200).describe("Steps between two checkpoints; default 200."),
  eval_batch: positive.default(8),
  devices: z
    .union([z.literal("auto"), positive])
    .default("auto")
    .describe("Number of GPUs; default auto: all."),
  tensorboard: z.boolean().default(false).describe("Also write TensorBoard files; default false."),
});

const quantizeSchema = z.strictObject({
  method: z.literal("awq").default("awq"),
  bits: z.literal(4).default(4),
  group: z
    .int()
    .min(16)
    .max(1024)
    .default(128)
    .describe("Weights that share a scale; must divide the model's sizes. Default 128."),
  examples: positive.default(128).describe("Prompts of training rows on which scales are searched; default 128."),
  grid: z
    .int()
    .min(3)
    .default(20)
    .describe("Values that are tried for each scale; the time grows with it. Default 20."),
  seed: z.int().min(0).default(0),
});

const engineSchema = z.strictObject({
  profile: z.string().min(1).optional().describe("Engine profile: a shipped one, or a file."),
  python: z.string().min(1).optional(),
  extra_args: z.array(z.string()).optional(),
  max_model_len: z.int().min(64).optional(),
  ready_limit: z.string().optional(),
  replicas: z.int().min(1).optional(),
  gpus_per_replica: z.int().min(1).optional(),
});

const engine = z.union([z.string().min(1), engineSchema]);

const proveSchema = z.strictObject({
  rows: positive.default(200).describe("Held-out rows that are judged before and after; default 200."),
  engine: engine.optional().describe("Engine profile, or a few of its keys, with which what was made is served."),
  base_engine: engine.optional().describe("The same for the base model; default that of `engine` for the head label."),
  quantized_engine: engine.optional().describe("The same for the quantised model; default that of `engine`."),
  base_template: z
    .string()
    .min(1)
    .optional()
    .describe("Template with which the base model is asked; default that of the data, for a classifier `rules`."),
  largest_loss: z
    .number()
    .min(0)
    .default(0.02)
    .describe("A stage passes if it loses no more log loss (nats) than this; default 0.02."),
});

/** A recipe as a person writes it; the output has every default. */
export const recipeSchema = z
  .strictObject({
    base: file.describe("Folder of the base model in 16 or 32 bits."),
    head: z
      .enum(["classifier", "label", "answer"])
      .describe(
        "A classification head; the label as the next token; or answer: the last message of chats, in the model's own chat template.",
      ),
    loss: z
      .enum(["vocabulary", "labels"])
      .default("vocabulary")
      .describe(
        "For the head label: cross entropy over the whole vocabulary, or over the labels alone; default vocabulary.",
      ),
    data: dataSchema,
    lora: loraSchema.prefault({}),
    load: loadSchema.prefault({}),
    training: trainingSchema.prefault({}),
    quantize: quantizeSchema.nullable().default(null),
    prove: proveSchema.prefault({}),
    calibrate: z
      .boolean()
      .default(false)
      .describe("Fit a calibration to the held-out rows after the proof; default false."),
  })
  .meta({ title: "abtie recipe", description: "How a judge is made: data, training, quantisation and proof." });

export type ParsedRecipe = z.output<typeof recipeSchema>;
