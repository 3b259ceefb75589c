"""Load the base model of a judge with its head, and lay the small trained matrices (LoRA) over it."""

from typing import Any

import torch
from peft import LoraConfig, PeftModel, TaskType, get_peft_model, prepare_model_for_kbit_training
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoModelForSequenceClassification,
    BitsAndBytesConfig,
    PreTrainedConfig,
    PreTrainedModel,
)

from judge_examples import Data
from judge_recipe import Load, Lora, Recipe, layer_numbers

# Names of the classes in a classifier's config, by the names in data.json.
CLASS_NAMES = {"a": "A", "b": "B", "tie": "tie"}
HEADS = ["score", "lm_head"]
FLOAT32_BITS = 32
INT8_BITS = 8
QUANTISED_BITS = (4, INT8_BITS)


def load_judge(recipe: Recipe, data: Data, device: str) -> PeftModel:
    """Load the base model as the recipe says, and lay new LoRA matrices over it."""
    config = judge_config(recipe, data)
    kind = kind_of_model(recipe)
    load = recipe.load
    quantised = getattr(config, "quantization_config", None) is not None
    settings: dict[str, Any] = {"dtype": torch.float32 if load.bits == FLOAT32_BITS else getattr(torch, load.compute)}
    if load.bits in QUANTISED_BITS:
        require_bitsandbytes()
        settings["device_map"] = {"": device}
        if not quantised:
            settings["quantization_config"] = quantisation(load)
    model: PreTrainedModel = kind.from_pretrained(recipe.base, config=config, attn_implementation=load.attention, **settings)
    if load.bits in QUANTISED_BITS:
        # Norms, embeddings and head become float32: the sums along the layers then stay in it under fp16 too.
        model = prepare_model_for_kbit_training(
            model,
            use_gradient_checkpointing=load.checkpointing and not load.shard,
            gradient_checkpointing_kwargs={"use_reentrant": False},
        )
    return lay_lora(model, recipe.lora, classifies=recipe.head == "classifier")


def kind_of_model(recipe: Recipe) -> Any:  # noqa: ANN401
    """Choose the class of transformers that has the recipe's head."""
    return AutoModelForSequenceClassification if recipe.head == "classifier" else AutoModelForCausalLM


def judge_config(recipe: Recipe, data: Data) -> PreTrainedConfig:
    """Read the base's config; for a classifier, name its classes and its padding token."""
    config: PreTrainedConfig = AutoConfig.from_pretrained(recipe.base)
    config.use_cache = False
    if recipe.head == "classifier":
        config.id2label = {number: CLASS_NAMES.get(name, name) for number, name in enumerate(data.classes)}
        config.label2id = {name: number for number, name in config.id2label.items()}
        config.pad_token_id = pad_token(data)
    return config


def pad_token(data: Data) -> int:
    """Choose the padding token: that of the tokenizer, else the end of the sequence."""
    pad = data.pad if data.pad is not None else data.eos
    return 0 if pad is None else pad


def refuse_pad_at_end(data: Data) -> None:
    """Refuse prompts whose last token is the padding token, from which transformers and vLLM compute different answers."""
    pad = pad_token(data)
    count = sum(example.ids[-1] == pad for example in data.examples)
    if count > 0:
        raise SystemExit(
            f"{count} of {len(data.examples)} prompts end in token {pad}, which is also the padding token: transformers would "
            "read the token before it, and vLLM this one. Set data.append_eos to false."
        )


def quantisation(load: Load) -> Any:  # noqa: ANN401
    """Describe the quantised form of the base model; its head is never quantised."""
    kind: Any = BitsAndBytesConfig
    if load.bits == INT8_BITS:
        return kind(load_in_8bit=True, llm_int8_skip_modules=HEADS)
    return kind(
        load_in_4bit=True,
        bnb_4bit_quant_type=load.quant,
        bnb_4bit_use_double_quant=load.double,
        bnb_4bit_compute_dtype=getattr(torch, load.compute),
        # Bytes are not shared between GPUs, numbers of the other kinds are: the same bits under another name.
        **({"bnb_4bit_quant_storage": getattr(torch, load.compute)} if load.shard else {}),
        llm_int8_skip_modules=HEADS,
    )


def require_bitsandbytes() -> None:
    """Say what to do when the package for quantised training is missing."""
    try:
        import bitsandbytes  # noqa: F401
    except ImportError as missing:
        raise SystemExit(
            f"the recipe needs bitsandbytes ({missing}): run `abtie setup --train`, or choose load.bits 16 or 32"
        ) from None


def lay_lora(model: PreTrainedModel, lora: Lora, *, classifies: bool) -> PeftModel:
    """Lay new LoRA matrices over a model. They and the head are float32 whatever the base is, as a scaled optimiser needs."""
    layers = layer_numbers(lora.layers)
    targets = linear_names(model) if lora.targets == "all-linear" and layers is not None else lora.targets
    laid = get_peft_model(
        model,
        LoraConfig(
            task_type=TaskType.SEQ_CLS if classifies else TaskType.CAUSAL_LM,
            r=lora.r,
            lora_alpha=lora.alpha,
            lora_dropout=lora.dropout,
            target_modules=targets,
            layers_to_transform=layers,
            bias=lora.bias,
        ),
    )
    for parameter in laid.parameters():
        if parameter.requires_grad:
            parameter.data = parameter.data.float()
    return laid


def linear_names(model: PreTrainedModel) -> list[str]:
    """List the last names of the linear layers inside the model's layers (PEFT's "all-linear" allows no choice of layers)."""
    found = {name.rpartition(".")[2] for name, module in model.named_modules() if isinstance(module, torch.nn.Linear)}
    return sorted(found.difference(HEADS))


def count_parameters(model: PeftModel) -> tuple[int, int]:
    """Count the trained parameters and all of them; a layer in 4 bits counts with its weights, not its bytes."""
    trained, everything = model.get_nb_trainable_parameters()
    return int(trained), int(everything)
