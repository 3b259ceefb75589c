"""AWQ on a tiny random model. Needs llmcompressor: the environment that `abtie setup --train` makes for quantising."""

import hashlib
import json
import sys
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, LlamaConfig

pytest.importorskip("llmcompressor")

from quantize_model import main


@pytest.fixture
def model(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=128,
        hidden_size=64,
        intermediate_size=96,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=2,
        initializer_range=0.1,
    )
    AutoModelForCausalLM.from_config(config).save_pretrained(tmp_path / "model")
    (tmp_path / "model" / "tokenizer.json").write_text("{}")
    return tmp_path / "model"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    about = {"row": 0, "order": "ab", "group": 0, "target": [1, 0, 0], "weight": 1, "cut": 0}
    lines = [about | {"id": str(at), "fold": at % 2, "ids": [(at * 7 + k * k) % 128 for k in range(20)]} for at in range(8)]
    content = "".join(f"{json.dumps(line)}\n" for line in lines).encode()
    (folder / "examples.jsonl").write_bytes(content)
    head = {"format": 1, "classes": ["a", "b", "tie"], "labels": None, "folds": {"heldOut": 0}}
    (folder / "data.json").write_text(json.dumps(head | {"examplesSha256": hashlib.sha256(content).hexdigest()}))
    return folder


def start(monkeypatch: pytest.MonkeyPatch, *words: object) -> None:
    monkeypatch.setattr(sys, "argv", ["quantize_model.py", *map(str, words)])
    main()


def test_the_layers_have_four_bits_and_the_logits_stay_near(
    model: Path, data: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    out = model.parent / "out"
    start(monkeypatch, model, out, "--data", data, "--group", 32, "--examples", 100, "--grid", 4)
    facts = json.loads(capfd.readouterr().out.splitlines()[-1])
    assert (facts["layers"], facts["examples"], facts["tokens"], facts["dtype"]) == (14, 4, 80, "bfloat16")
    assert facts["bytes"] < facts["bytes_before"]
    config = json.loads((out / "config.json").read_text())
    weights = config["quantization_config"]["config_groups"]["group_0"]["weights"]
    assert (weights["num_bits"], weights["group_size"], weights["symmetric"]) == (4, 32, False)
    assert config["quantization_config"]["ignore"] == ["lm_head"]
    assert (out / "tokenizer.json").exists()
    ids = torch.tensor([list(range(1, 40))])
    with torch.inference_mode():
        before = AutoModelForCausalLM.from_pretrained(model)(ids).logits.log_softmax(-1)
        after = AutoModelForCausalLM.from_pretrained(out, dtype=torch.float32)(ids).logits.log_softmax(-1)
    lost = (before.exp() * (before - after)).sum(-1).mean()
    assert 0 < lost < 0.1


def test_a_group_that_does_not_divide_a_layer_is_refused_with_one_that_does(
    model: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SystemExit, match="--group 64 does not divide 96, the inputs of some layers: choose 32"):
        start(monkeypatch, model, model.parent / "out", "--data", data, "--group", 64)
    assert not (model.parent / "out").exists()


def test_a_folder_that_exists_is_refused(model: Path, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SystemExit, match="exists already"):
        start(monkeypatch, model, data, "--data", data)


def test_a_grid_without_scales_is_refused(model: Path, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SystemExit, match="--grid 2 gives no scales to choose from: take 3 or more"):
        start(monkeypatch, model, model.parent / "out", "--data", data, "--grid", 2)
