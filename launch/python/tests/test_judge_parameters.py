"""The numbers of trained parameters that the authors of two published trainings logged, counted without weights."""

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification, Gemma2Config, PreTrainedModel

from judge_model import count_parameters, lay_lora
from judge_recipe import Lora

S1 = Lora(r=16, alpha=32, dropout=0.05, targets=["q_proj", "k_proj", "v_proj"], layers="16-41", bias="none")
S2 = Lora(r=64, alpha=32, dropout=0.05, targets=["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj"], layers=None, bias="none")


def gemma_2_9b() -> PreTrainedModel:
    """Gemma-2-9B's shape, without memory for its weights."""
    config = Gemma2Config(
        vocab_size=256_000,
        hidden_size=3584,
        intermediate_size=14_336,
        num_hidden_layers=42,
        num_attention_heads=16,
        num_key_value_heads=8,
        head_dim=256,
    )
    config.num_labels = 3
    with torch.device("meta"):
        model: PreTrainedModel = AutoModelForSequenceClassification.from_config(config)
    return model


@pytest.mark.parametrize(("lora", "trained"), [(S1, 7_891_456), (S2, 119_745_024)])
def test_the_recipes_train_as_many_parameters_as_their_authors_logged(lora: Lora, trained: int) -> None:
    with torch.device("meta"):
        laid = lay_lora(gemma_2_9b(), lora, classifies=True)
    count, everything = count_parameters(laid)
    assert count == trained
    if lora is S2:
        assert everything == 9_361_461_760


def test_all_linear_layers_of_gemma_2_2b_are_trained_but_the_head() -> None:
    config = Gemma2Config(
        vocab_size=256_000,
        hidden_size=2304,
        intermediate_size=9216,
        num_hidden_layers=26,
        num_attention_heads=8,
        num_key_value_heads=4,
        head_dim=256,
    )
    lora = Lora(r=4, alpha=8, dropout=0.1, targets="all-linear", layers=None, bias="none")
    with torch.device("meta"):
        laid = lay_lora(AutoModelForCausalLM.from_config(config), lora, classifies=False)
    assert count_parameters(laid) == (5_191_680, 2_619_533_568)
