"""Tests of convert_gguf.py; they need torch and transformers, and are skipped without them."""

import json
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
tokenizers = pytest.importorskip("tokenizers")

from convert_gguf import compare, remove_marks  # noqa: E402

TEMPLATE = "{% for message in messages %}<{{ message.role }}>{{ message.content }}{% endfor %}"


# Model, tokenizer and the folder that they were written to.
Written = tuple[Any, Any, Path]


@pytest.fixture
def written(tmp_path: Path) -> Written:
    """Write a tiny model and its tokenizer."""
    config = transformers.LlamaConfig(
        vocab_size=257, hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2, num_key_value_heads=2
    )
    model = transformers.LlamaForCausalLM(config).float().eval()
    alphabet = sorted(tokenizers.pre_tokenizers.ByteLevel.alphabet())
    core = tokenizers.Tokenizer(tokenizers.models.BPE({**{one: i for i, one in enumerate(alphabet)}, "<unk>": 256}, []))
    core.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    core.decoder = tokenizers.decoders.ByteLevel()
    tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_object=core, unk_token="<unk>", chat_template=TEMPLATE)
    out = tmp_path / "model"
    remove_marks(model)
    model.save_pretrained(out)
    tokenizer.save_pretrained(out)
    return model, tokenizer, out


def test_written_model_equals_its_original(written: Written) -> None:
    assert compare(*written) < 1e-6


def test_other_weights_are_refused(written: Written) -> None:
    model, tokenizer, out = written
    with torch.no_grad():
        model.lm_head.weight.add_(torch.randn_like(model.lm_head.weight))
    with pytest.raises(SystemExit, match="logits of the written model differ"):
        compare(model, tokenizer, out)


def test_missing_chat_template_is_refused(written: Written) -> None:
    model, tokenizer, out = written
    (out / "chat_template.jinja").unlink(missing_ok=True)
    settings = json.loads((out / "tokenizer_config.json").read_text(encoding="utf-8"))
    settings.pop("chat_template", None)
    (out / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")
    with pytest.raises(SystemExit, match="no chat template"):
        compare(model, tokenizer, out)
