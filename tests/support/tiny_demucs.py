"""A small Demucs with random weights, in a folder as Demucs wants it: a checksummed model `tiny`."""

from pathlib import Path
from typing import Literal

import torch
from demucs import demucs, htdemucs
from demucs.states import get_state, save_with_checksum

Kind = Literal["htdemucs", "demucs", "bag"]
SOURCES = ["drums", "bass", "other", "vocals"]


def build_demucs(folder: Path, kind: Kind = "htdemucs") -> Path:
    """Write the model into `folder`: with a transformer, without, or a bag of two."""
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(1)
    for name in ["aaaa1111", "bbbb2222"] if kind == "bag" else ["tiny"]:
        if kind == "demucs":
            net = demucs.Demucs(SOURCES, channels=8, depth=3, segment=4)
        else:
            net = htdemucs.HTDemucs(SOURCES, channels=16, nfft=512, depth=2, t_layers=1, t_heads=2, segment=2)
        args, kwargs = net._init_args_kwargs
        package = {"klass": type(net), "args": args, "kwargs": kwargs, "state": get_state(net, None)}
        save_with_checksum(package, folder / f"{name}.th")
    if kind == "bag":
        (folder / "tiny.yaml").write_text("models: ['aaaa1111', 'bbbb2222']\n")
    return folder
