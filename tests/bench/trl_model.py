"""The tiny model as a transformers model, for `against_trl`, and how far the two lie apart.

Only imported where TRL is installed. The model needs no code of its own there: transformers' Arcee is a decoder with
RMSNorm, rotary positions, an MLP without a gate, no biases and tied embeddings, so it takes over our weights as they are.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from torch import Tensor
from transformers import ArceeConfig, ArceeForCausalLM, ArceeForSequenceClassification, PreTrainedTokenizerFast

from core.policies.sampling import left_pad
from core.policies.tokenizer import END_ID, PAD_ID
from core.policies.transformer import TinyLM
from core.stages.reward_model import RewardModel

Prompts = Sequence[Sequence[int]]


def trunk_weights(model: TinyLM) -> dict[str, Tensor]:
    """Our trunk under Arcee's names. Ours turns neighbouring channels, Arcee channel k with channel k + K/2."""
    heads, width = model.config.heads, model.config.width
    size = width // heads
    order = torch.cat([torch.arange(0, size, 2), torch.arange(1, size, 2)])
    rows = (torch.arange(heads)[:, None] * size + order).flatten()
    found = {"embed_tokens.weight": model.embedding.weight, "norm.weight": model.final_norm.gain}
    for number, block in enumerate(model.blocks):
        q, k, v = block.qkv.weight.chunk(3)
        parts = {
            "input_layernorm": block.attention_norm.gain,
            "self_attn.q_proj": q[rows],
            "self_attn.k_proj": k[rows],
            "self_attn.v_proj": v,
            "self_attn.o_proj": block.attention_out.weight,
            "post_attention_layernorm": block.mlp_norm.gain,
            "mlp.up_proj": block.mlp_up.weight,
            "mlp.down_proj": block.mlp_down.weight,
        }
        found |= {f"layers.{number}.{name}.weight": weight for name, weight in parts.items()}
    return {name: weight.detach().clone() for name, weight in found.items()}


def arcee_config(model: TinyLM) -> ArceeConfig:
    """Our sizes in transformers' words."""
    c = model.config
    return ArceeConfig(
        vocab_size=c.vocab,
        hidden_size=c.width,
        intermediate_size=4 * c.width,
        num_hidden_layers=c.layers,
        num_attention_heads=c.heads,
        hidden_act="gelu",
        max_position_embeddings=c.context,
        rms_norm_eps=1e-6,
        rope_parameters={"rope_type": "default", "rope_theta": c.rope_base},
        tie_word_embeddings=True,
        pad_token_id=PAD_ID,
        bos_token_id=None,
        eos_token_id=END_ID,
        num_labels=1,
    )


def language_model(model: TinyLM) -> ArceeForCausalLM:
    """The same language model in transformers."""
    found = ArceeForCausalLM(arcee_config(model))
    found.model.load_state_dict(trunk_weights(model))
    return found


def scalar_model(model: TinyLM, head: Tensor) -> ArceeForSequenceClassification:
    """The same trunk with one number per position; `head` is (1, D)."""
    found = ArceeForSequenceClassification(arcee_config(model))
    found.model.load_state_dict(trunk_weights(model))
    found.score.weight.data.copy_(head.detach())
    return found


@torch.no_grad()
def largest_logit_difference(model: TinyLM, prompts: Prompts) -> float:
    """How far the two models' next-token logits lie apart on left-padded prompts, at real tokens."""
    ids, attends = left_pad(prompts)
    places = (attends.cumsum(1) - 1).clamp(min=0)
    theirs = language_model(model)(input_ids=ids, attention_mask=attends, position_ids=places).logits
    return (model(ids, attends) - theirs)[attends].abs().max().item()


def reward_head(scorer: RewardModel) -> ArceeForSequenceClassification:
    """The scorer in transformers, its scale folded into the head (which cannot hold the mean)."""
    if scorer.mean or scorer.model.reward_head.bias.any():
        raise ValueError("A head without a bias cannot subtract a mean.")
    return scalar_model(scorer.model, scorer.model.reward_head.weight / scorer.std)


@torch.no_grad()
def largest_score_difference(scorer: RewardModel, texts: Prompts) -> float:
    """How far the two reward models' scores of these texts lie apart, the penalty for a missing end left aside."""
    ids, attends = left_pad(texts)
    places = (attends.cumsum(1) - 1).clamp(min=0)
    theirs = reward_head(scorer)
    states = theirs.model(input_ids=ids, attention_mask=attends, position_ids=places).last_hidden_state
    scores = theirs.score(states[:, -1]).squeeze(-1)
    return (scorer.model.rewards(ids, attends) / scorer.std - scores).abs().max().item()


def word_tokenizer(vocab: int) -> PreTrainedTokenizerFast:
    """A tokenizer whose words are the ids themselves: "w5 w17" is [5, 17]. TRL wants text; this gives the same ids."""
    names = {"<pad>": PAD_ID, "<end>": END_ID, **{f"w{i}": i for i in range(vocab) if i not in (PAD_ID, END_ID)}}
    words = Tokenizer(models.WordLevel(names, unk_token="<pad>"))
    words.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return PreTrainedTokenizerFast(
        tokenizer_object=words, pad_token="<pad>", eos_token="<end>", unk_token="<pad>", padding_side="left"
    )
