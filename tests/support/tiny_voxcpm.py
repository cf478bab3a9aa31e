"""A small VoxCPM2 in the files of the real one, with random weights: it stops as soon as it may, or never."""

import json
from pathlib import Path

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import LlamaTokenizerFast
from voxcpm.model.voxcpm2 import VoxCPM2Model, VoxCPMConfig
from voxcpm.modules.audiovae import AudioVAEV2

_VAE = {
    "encoder_dim": 8,
    "encoder_rates": [2, 5, 8, 8],
    "latent_dim": 8,
    "decoder_dim": 64,
    "decoder_rates": [8, 6, 5, 2, 2, 2],
}
_CONFIG = {
    "architecture": "voxcpm2",
    "lm_config": {
        "bos_token_id": 1,
        "eos_token_id": 2,
        "hidden_size": 32,
        "intermediate_size": 64,
        "max_position_embeddings": 1024,
        "num_attention_heads": 2,
        "num_hidden_layers": 2,
        "num_key_value_heads": 2,
        "rms_norm_eps": 1e-5,
        "rope_scaling": {
            "type": "longrope",
            "long_factor": [1.0] * 8,
            "short_factor": [1.0] * 8,
            "original_max_position_embeddings": 1024,
        },
        "vocab_size": 256,
        "scale_emb": 1.0,
        "dim_model_base": 32,
        "scale_depth": 1.0,
        "rope_theta": 10000.0,
    },
    "patch_size": 4,
    "feat_dim": 8,
    "residual_lm_num_layers": 1,
    "scalar_quantization_latent_dim": 16,
    "encoder_config": {"hidden_dim": 32, "ffn_dim": 64, "num_heads": 2, "num_layers": 1},
    "dit_config": {
        "hidden_dim": 32,
        "ffn_dim": 64,
        "num_heads": 2,
        "num_layers": 1,
        "cfm_config": {"sigma_min": 1e-6, "inference_cfg_rate": 2.0},
    },
    "audio_vae_config": _VAE,
    "max_length": 1024,
    "device": "cpu",
    "dtype": "float32",
}


def build_voxcpm(folder: Path, *, stops: bool = True) -> Path:
    """Write the model into `folder`."""
    folder.mkdir(parents=True)
    vocabulary = {"<unk>": 0, "<s>": 1, "</s>": 2} | {chr(code): code for code in range(3, 256)}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[], unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    LlamaTokenizerFast(tokenizer_object=tokenizer).save_pretrained(folder)
    torch.manual_seed(0)
    config = VoxCPMConfig.model_validate(_CONFIG)
    vae = AudioVAEV2(config=config.audio_vae_config)
    net = VoxCPM2Model(config, LlamaTokenizerFast(tokenizer_object=tokenizer), vae, device="cpu")
    with torch.no_grad():
        net.stop_proj.weight.zero_()
        net.stop_proj.bias.fill_(1.0)
        net.stop_head.weight[0], net.stop_head.weight[1] = (-1.0, 1.0) if stops else (1.0, -1.0)
    torch.save({"state_dict": vae.state_dict()}, folder / "audiovae.pth")
    own = {name: value for name, value in net.state_dict().items() if not name.startswith("audio_vae.")}
    save_file(own, folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps(_CONFIG))
    return folder
