"""Tests of merge_adapter.py; they need torch, transformers and peft, and are skipped without them."""

import json
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
tokenizers = pytest.importorskip("tokenizers")
peft = pytest.importorskip("peft")
safetensors = pytest.importorskip("safetensors.torch")

from merge_adapter import merge  # noqa: E402

IDS = torch.tensor([[5, 80, 7, 100, 33, 9]])


def write_tokenizer(folder: Path) -> None:
    alphabet = sorted(tokenizers.pre_tokenizers.ByteLevel.alphabet())
    core = tokenizers.Tokenizer(tokenizers.models.BPE({**{one: i for i, one in enumerate(alphabet)}, "<pad>": 256}, []))
    core.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    transformers.PreTrainedTokenizerFast(tokenizer_object=core, pad_token="<pad>").save_pretrained(folder)


def write_base(folder: Path) -> None:
    config = transformers.LlamaConfig(
        vocab_size=257, hidden_size=16, intermediate_size=16, num_hidden_layers=2, num_attention_heads=2, num_key_value_heads=2
    )
    torch.manual_seed(1)
    transformers.LlamaForCausalLM(config).float().save_pretrained(folder)
    write_tokenizer(folder)


def trained(base: Path, task: str) -> Any:  # noqa: ANN401
    """Lay an adapter over the base whose every weight is random, as if it were trained."""
    lora = peft.LoraConfig(task_type=task, r=4, lora_alpha=8, target_modules=["q_proj", "v_proj", "up_proj"])
    if task == "SEQ_CLS":
        model = transformers.AutoModelForSequenceClassification.from_pretrained(base, num_labels=3, pad_token_id=256)
    else:
        model = transformers.AutoModelForCausalLM.from_pretrained(base)
    laid = peft.get_peft_model(model, lora)
    torch.manual_seed(2)
    with torch.no_grad():
        for parameter in laid.parameters():
            if parameter.requires_grad:
                parameter.normal_(0, 0.3)
    return laid.eval()


@pytest.fixture
def base(tmp_path: Path) -> Path:
    write_base(tmp_path / "base")
    return tmp_path / "base"


@pytest.mark.parametrize("task", ["SEQ_CLS", "CAUSAL_LM"])
def test_merged_model_equals_the_unmerged_one(base: Path, tmp_path: Path, task: str) -> None:
    laid = trained(base, task)
    laid.save_pretrained(tmp_path / "adapter")
    result = merge(base, tmp_path / "adapter", tmp_path / "out", names=["A", "B", "tie"] if task == "SEQ_CLS" else None)
    kind = transformers.AutoModelForSequenceClassification if task == "SEQ_CLS" else transformers.AutoModelForCausalLM
    with torch.inference_mode():
        expected = laid(IDS).logits
        found = kind.from_pretrained(tmp_path / "out").eval()(IDS).logits
    assert float((expected - found).abs().max()) < 1e-5
    config = json.loads((tmp_path / "out/config.json").read_text(encoding="utf-8"))
    assert result["classes"] == (["A", "B", "tie"] if task == "SEQ_CLS" else None)
    if task == "SEQ_CLS":
        assert config["architectures"] == ["LlamaForSequenceClassification"]
        assert config["id2label"] == {"0": "A", "1": "B", "2": "tie"}
        assert config["pad_token_id"] == 256
    assert (tmp_path / "out/tokenizer.json").exists()
    assert not (tmp_path / "out.partial").exists()


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
def test_merged_weights_are_the_exact_sum_rounded_once(base: Path, tmp_path: Path, dtype: str) -> None:
    trained(base, "SEQ_CLS").save_pretrained(tmp_path / "adapter")
    merge(base, tmp_path / "adapter", tmp_path / "out", dtype=dtype)
    before = safetensors.load_file(base / "model.safetensors")
    small = safetensors.load_file(tmp_path / "adapter/adapter_model.safetensors")
    merged = safetensors.load_file(tmp_path / "out/model.safetensors")
    chosen = getattr(torch, dtype)
    names = [name for name in before if any(part in name for part in ("q_proj", "v_proj", "up_proj"))]
    assert len(names) == 6
    for name in names:
        a, b = (small[f"base_model.model.{name.removesuffix('.weight')}.lora_{part}.weight"].double() for part in "AB")
        exact = before[name].to(chosen).double() + 2.0 * (b @ a)
        assert merged[name].dtype == chosen
        assert torch.equal(merged[name], exact.to(chosen))
    assert torch.equal(merged["score.weight"], small["base_model.model.score.weight"].to(chosen))


def test_adapter_without_its_head_is_refused(base: Path, tmp_path: Path) -> None:
    trained(base, "CAUSAL_LM").save_pretrained(tmp_path / "adapter")
    path = tmp_path / "adapter/adapter_config.json"
    settings = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**settings, "task_type": "SEQ_CLS"}), encoding="utf-8")
    with pytest.raises(SystemExit, match="no trained head"):
        merge(base, tmp_path / "adapter", tmp_path / "out")


def test_quantised_base_wrong_names_and_a_full_folder_are_refused(base: Path, tmp_path: Path) -> None:
    trained(base, "SEQ_CLS").save_pretrained(tmp_path / "adapter")
    with pytest.raises(SystemExit, match="names 2 classes, and the adapter's head has 3"):
        merge(base, tmp_path / "adapter", tmp_path / "out", names=["A", "B"])
    with pytest.raises(SystemExit, match="exists already"):
        merge(base, tmp_path / "adapter", base)
    with pytest.raises(SystemExit, match=r"no adapter_config\.json"):
        merge(base, base, tmp_path / "out")
    config = json.loads((base / "config.json").read_text(encoding="utf-8"))
    quantised = {**config, "quantization_config": {"quant_method": "bitsandbytes", "load_in_4bit": True}}
    (base / "config.json").write_text(json.dumps(quantised), encoding="utf-8")
    with pytest.raises(SystemExit, match="is quantised"):
        merge(base, tmp_path / "adapter", tmp_path / "out")
    assert not (tmp_path / "out").exists()
