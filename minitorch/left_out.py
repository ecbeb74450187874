"""The namespaces of torch's that are left out whole: their names can be imported, and say why when they are used."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlparse

from minitorch.absent import absent_function, absent_namespace

NOT_DOWNLOADED = (
    "nothing is downloaded; fetch the file by other means, and load it with "
    "model.load_state_dict(torch.load(path, map_location='cpu'))."
)
_SPARSE = "of the sparse layouts there is sparse_coo_tensor only."
_GRAPH = "operations run as they are called, and no graph of a program is made."

hub = absent_namespace("hub", NOT_DOWNLOADED, "load load_state_dict_from_url download_url_to_file list help load_local")


def _torch_home() -> str:
    """The folder in which torch keeps what it downloads, and in which a script may look for it."""
    cache = os.environ.get("XDG_CACHE_HOME", "~/.cache")
    return os.path.expanduser(os.environ.get("TORCH_HOME", os.path.join(cache, "torch")))


_hub_dir: list[str] = []  # what set_dir was told


def _get_dir() -> str:
    """The folder of downloads: what set_dir said, else $TORCH_HOME/hub, else ~/.cache/torch/hub."""
    return _hub_dir[-1] if _hub_dir else os.path.join(_torch_home(), "hub")


def _set_dir(d: Any) -> None:
    """Make `get_dir` say so."""
    _hub_dir.append(os.path.expanduser(d))


class _Silent:
    """What stands for tqdm where it isn't installed: the items, and nothing shown."""

    def __init__(self, iterable: Any = (), **settings: Any) -> None:
        self.iterable = iterable

    def __iter__(self) -> Iterator:
        return iter(self.iterable)

    def __enter__(self) -> _Silent:
        return self

    def __exit__(self, *exc: object) -> None:
        pass

    def update(self, *args: Any, **kwargs: Any) -> None:
        """Nothing."""

    set_description = set_postfix = close = update


class _Hub(SimpleNamespace):
    def __getattr__(self, name: str) -> Any:
        if name == "tqdm":  # scripts take their progress bar from here
            return import_module("tqdm").tqdm if find_spec("tqdm") else _Silent
        raise AttributeError(f"module 'torch.hub' has no attribute {name!r}")


hub = _Hub(**vars(hub))
vars(hub).update(
    get_dir=_get_dir, set_dir=_set_dir, _get_torch_home=_torch_home, urlparse=urlparse,
    HASH_REGEX=re.compile(r"-([a-f0-9]*)\."),
)  # fmt: skip
onnx = absent_namespace(
    "onnx", "models are not exported; export them with PyTorch from the same state_dict.",
    "export dynamo_export is_in_onnx_export register_custom_op_symbolic", "OnnxExporterError",
)  # fmt: skip
onnx.is_in_onnx_export = lambda: False
fx = absent_namespace("fx", _GRAPH, "symbolic_trace replace_pattern", "GraphModule Graph Node Tracer Proxy Interpreter")


def _wrap(fn_or_name: Any) -> Any:
    """What it is given: a function that no tracer shall look into, or its name; nothing is traced."""
    if not callable(fn_or_name) and not isinstance(fn_or_name, str):
        raise RuntimeError("Unsupported type for global function! Must be either a callable or string name")
    return fn_or_name


fx.wrap = _wrap
export = absent_namespace("export", _GRAPH, "export save load", "ExportedProgram Dim")
quantization = absent_namespace(
    "quantization", "there are no quantized dtypes.",
    "quantize_dynamic prepare convert quantize prepare_qat get_default_qconfig fuse_modules", "QuantStub DeQuantStub",
)  # fmt: skip
ao = SimpleNamespace(quantization=quantization)


def _absent_device(name: str, functions: str) -> SimpleNamespace:
    """torch's namespace of a kind of device that isn't here: asked about it tells so, seeded it does nothing."""
    space = absent_namespace(name, "tensors are on the CPU or on CUDA devices.", functions)
    vars(space).update(
        is_available=lambda: False, is_initialized=lambda: False, device_count=lambda: 0,
        manual_seed=lambda seed: None, manual_seed_all=lambda seed: None,
    )  # fmt: skip
    return space


mps = _absent_device("mps", "empty_cache synchronize seed current_allocated_memory driver_allocated_memory")
xpu = _absent_device("xpu", "synchronize set_device current_device get_device_name memory_allocated")
xpu.empty_cache = lambda: None  # as torch's: with no device there is no cache

NAMESPACES = {  # minitorch.hub and so on
    "hub": hub, "onnx": onnx, "fx": fx, "export": export, "quantization": quantization,
    "ao": ao, "mps": mps, "xpu": xpu,
}  # fmt: skip
FUNCTIONS = {
    name: absent_function(name, _SPARSE)
    for name in ("sparse_csr_tensor", "sparse_csc_tensor", "sparse_bsr_tensor", "sparse_compressed_tensor")
}
FUNCTIONS["quantize_per_tensor"] = absent_function("quantize_per_tensor", "there are no quantized dtypes.")
