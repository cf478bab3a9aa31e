"""How engines share a model: batches across jobs, running out of memory, one GPU for several services."""

from shared.inference._batching import MicroBatcher, cut_batches
from shared.inference._ctranslate2 import Placement, place_ctranslate2
from shared.inference._lease import GpuLease
from shared.inference._memory import SafeSize, is_out_of_memory
from shared.inference._torch import memory_release, on_gpu, torch_device, weights_digest

__all__ = [
    "GpuLease",
    "MicroBatcher",
    "Placement",
    "SafeSize",
    "cut_batches",
    "is_out_of_memory",
    "memory_release",
    "on_gpu",
    "place_ctranslate2",
    "torch_device",
    "weights_digest",
]
