"""Write a small Llama of transformers as the file that llama.cpp reads, with nothing but gguf, safetensors and numpy."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

_WHOLE = {"model.embed_tokens.weight": "token_embd.weight", "model.norm.weight": "output_norm.weight"}
_LAYER = {
    "input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm",
    "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down",
}  # fmt: skip


def write(folder: Path, path: Path, *, eight_bits: bool = False) -> None:
    """Write the model of a folder, in 32 bits; or its matrices quantised to 8."""
    import gguf
    from safetensors.numpy import load_file

    config = json.loads((folder / "config.json").read_text("utf-8"))
    writer = gguf.GGUFWriter(str(path), "llama")
    heads = config["num_attention_heads"]
    writer.add_name(folder.name)
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(heads)
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_rope_dimension_count(config["hidden_size"] // heads)
    theta = config.get("rope_theta") or config.get("rope_parameters", {}).get("rope_theta", 10_000.0)
    writer.add_rope_freq_base(theta)
    writer.add_vocab_size(config["vocab_size"])
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q8_0 if eight_bits else gguf.LlamaFileType.ALL_F32)
    _tokenizer(writer, folder)
    for name, stored in load_file(str(folder / "model.safetensors")).items():
        called, values = _WHOLE.get(name), stored
        if name.startswith("model.layers."):
            _, _, layer, part = name.split(".", 3)
            called = f"blk.{layer}.{_LAYER[part.removesuffix('.weight')]}.weight"
            if "q_proj" in name or "k_proj" in name:
                values = _interleaved(stored, heads if "q_proj" in name else config["num_key_value_heads"])
        if called is not None:
            whole = np.ascontiguousarray(values.astype(np.float32))
            if eight_bits and whole.ndim == 2:
                kind = gguf.GGMLQuantizationType.Q8_0
                writer.add_tensor(called, gguf.quants.quantize(whole, kind), raw_dtype=kind)
            else:
                writer.add_tensor(called, whole)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _tokenizer(writer, folder: Path) -> None:
    import gguf

    tokenizer = json.loads((folder / "tokenizer.json").read_text("utf-8"))
    vocabulary = sorted(tokenizer["model"]["vocab"].items(), key=lambda item: item[1])
    special = {token["content"] for token in tokenizer["added_tokens"] if token["special"]}
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list([token for token, _ in vocabulary])
    kinds = (gguf.TokenType.CONTROL, gguf.TokenType.NORMAL)
    writer.add_token_types([kinds[token not in special] for token, _ in vocabulary])
    writer.add_token_merges([" ".join(m) if isinstance(m, list) else m for m in tokenizer["model"]["merges"]])
    end = tokenizer["model"]["vocab"]["<|end|>"]
    writer.add_eos_token_id(end)
    writer.add_eot_token_id(end)
    writer.add_bos_token_id(end)
    writer.add_pad_token_id(tokenizer["model"]["vocab"]["<|pad|>"])
    writer.add_add_bos_token(False)
    writer.add_chat_template((folder / "chat_template.jinja").read_text("utf-8"))


def _interleaved(values: np.ndarray, heads: int) -> np.ndarray:
    """Order the rows as llama.cpp turns them: pairs beside one another, not halves."""
    return (
        values.reshape(heads, 2, values.shape[0] // heads // 2, *values.shape[1:]).swapaxes(1, 2).reshape(values.shape)
    )
