"""Where scripts import names from: the files of torch's own tree, and namespaces of devices and compilers."""

from __future__ import annotations

import contextlib
import importlib
from collections import OrderedDict
from typing import Any

import pytest
import torch
import torch.nn.modules.utils

import minitorch as mt
from minitorch.nn.modules import utils
from tests.compat.test_small import outcome
from tests.compat.tools import program

LIBRARIES = (torch, mt)
# The module, and names that scripts take from it.
IMPORTS = """
torch.amp.autocast_mode autocast
torch.autograd.grad_mode no_grad enable_grad set_grad_enabled inference_mode
torch.autograd.gradcheck gradcheck gradgradcheck
torch.compiler disable is_compiling
torch.cuda.amp.autocast_mode autocast
torch.nn.modules.activation MultiheadAttention ReLU
torch.nn.modules.conv _ConvNd _ConvTransposeNd Conv2d ConvTranspose2d
torch.nn.modules.linear NonDynamicallyQuantizableLinear Linear
torch.nn.modules.utils _pair _single _triple _quadruple _ntuple consume_prefix_in_state_dict_if_present
torch.nn.parallel.data_parallel DataParallel data_parallel
torch.nn.utils.spectral_norm SpectralNorm spectral_norm
torch.nn.utils.weight_norm WeightNorm weight_norm
torch.optim.optimizer Optimizer ParamsT
torch.torch_version TorchVersion
torch.utils.data._utils.worker get_worker_info
torch.utils.hooks RemovableHandle
torch._utils _accumulate
"""


def test_imports_from_torchs_files() -> None:
    lines = [line.split() for line in IMPORTS.strip().splitlines()]
    for module, *names in lines[:-1]:  # _accumulate has gone from torch
        assert all(hasattr(importlib.import_module(module), name) for name in names), module
    program("".join(f"from {module} import {', '.join(names)}\n" for module, *names in lines))


def test_a_function_stays_where_a_module_has_its_name() -> None:
    program(
        """
        import torch
        from torch.autograd.gradcheck import gradcheck
        from torch.nn.utils.weight_norm import WeightNorm
        import torch.nn.utils.spectral_norm
        assert torch.autograd.gradcheck is gradcheck and callable(gradcheck)
        assert type(torch.nn.utils.weight_norm).__name__ == type(torch.nn.utils.spectral_norm).__name__ == "function"
        """
    )


def test_classes_looked_up_in_the_dictionary_of_a_module() -> None:
    source = """
        import torch, torch.nn as nn, torch.nn.functional as F
        norms = tuple(v for k, v in nn.__dict__.items() if "Norm" in k and isinstance(v, type))
        print(sorted(c.__name__ for c in norms))
        print(sorted(k for k in vars(torch.optim) if k.startswith("Ada")), torch.optim.__dict__["SGD"].__name__)
        print(F.__dict__["relu"](torch.tensor([-1.0, 2.0])), "nn" in torch.__dict__, "_real" in vars(torch.Tensor))
        """
    assert program(source).splitlines() == [
        str(sorted(k for k, v in vars(torch.nn).items() if "Norm" in k and isinstance(v, type))),
        f"{sorted(k for k in vars(torch.optim) if k.startswith('Ada'))} SGD",
        "tensor([0., 2.]) True False",
    ]


@pytest.mark.parametrize("name", ["torchvision", "torchaudio", "torchtext"])
def test_the_companions_of_torch_are_said_to_be_missing(name: str) -> None:
    out = program(f"try:\n    from {name} import datasets\nexcept ModuleNotFoundError as e:\n    print(e.name, e)")
    assert out.startswith(f"{name} No module named '{name}': ") and "minitorch" in out


def test_a_companion_that_is_there_is_imported(tmp_path: Any) -> None:
    (tmp_path / "torchvision.py").write_text("import torch\nthree = torch.tensor(3)\n")
    assert program(f"import sys; sys.path.insert(0, {str(tmp_path)!r})\nimport torchvision; print(torchvision.three)")


@pytest.mark.parametrize(
    "call",
    [
        lambda u: [f(x) for f in (u._single, u._pair, u._triple, u._quadruple, u._ntuple(5)) for x in (3, [1, 2])],
        lambda u: [u._pair.__name__, u._ntuple(2).__name__, u._ntuple(2, "two").__name__],
        lambda u: [u._reverse_repeat_tuple((1, 2, 3), 2), u._reverse_repeat_tuple((), 2)],
        lambda u: [u._list_with_default([None, 3], (1, 5, 6)), u._list_with_default(4, ()),
                   u._list_with_default((None, None), (1, 2, 3))],
        lambda u: u._list_with_default([None, 3], (5, 6)),
    ],
)  # fmt: skip
def test_helpers_of_layers(call: Any) -> None:
    assert outcome(lambda: call(utils)) == outcome(lambda: call(torch.nn.modules.utils))


def test_the_prefix_of_a_wrapped_module_is_taken_off() -> None:
    found = []
    for L in LIBRARIES:
        state = L.nn.DataParallel(L.nn.Sequential(L.nn.Linear(2, 1))).state_dict()
        state["moduleless"] = L.ones(1)
        L.nn.modules.utils.consume_prefix_in_state_dict_if_present(state, "module.")
        plain = OrderedDict({"module.a": 1, "b": 2})
        L.nn.modules.utils.consume_prefix_in_state_dict_if_present(plain, "module.")
        found.append((list(state), list(state._metadata), plain))
    assert found[0] == found[1]


@pytest.mark.parametrize(
    "call",
    [
        lambda L: (L.compiler.is_compiling(), L.compiler.is_dynamo_compiling(), L.compiler.is_exporting()),
        lambda L: (L.compiler.disable(abs)(-2), L.compiler.disable(recursive=False)(abs)(-3)),
        lambda L: (L.compiler.reset(), L.compiler.cudagraph_mark_step_begin(), L.compiler.allow_in_graph(len)("ab")),
        lambda L: L.compiler.set_stance("force_eager")(abs)(-2),
        lambda L: L.compiler.assume_constant_result(lambda x: -x)(-2),
        lambda L: (L.cpu.is_available(), L.cpu.device_count(), L.cpu.current_device(), L.cpu.synchronize()),
        lambda L: (L.mps.is_available(), L.mps.device_count(), L.mps.manual_seed(1)),
        lambda L: (L.xpu.is_available(), L.xpu.device_count(), L.xpu.manual_seed_all(1), L.xpu.empty_cache()),
        lambda L: (L.is_autocast_cpu_enabled(), str(L.get_autocast_cpu_dtype()), str(L.get_autocast_gpu_dtype())),
    ],
)  # fmt: skip
def test_compilers_and_devices_that_are_not_here(call: Any) -> None:
    theirs = outcome(lambda: call(torch))
    assert theirs[0] == "" and outcome(lambda: call(mt)) == theirs


def test_an_unknown_stance() -> None:
    with pytest.raises(RuntimeError, match="invalid torch.compile stance 'sideways'"):
        mt.compiler.set_stance("sideways")


@pytest.mark.skipif(mt.cuda.is_available(), reason="a GPU is there")
def test_cuda_in_checkpoints_and_logs_without_a_gpu() -> None:
    for L in LIBRARIES:
        assert L.cuda.get_rng_state_all() == [] and L.cuda.set_rng_state_all([]) is None
        assert L.cuda.set_rng_state(L.zeros(1)) is None
        assert (L.cuda.memory_reserved(), L.cuda.max_memory_reserved()) == (0, 0)
    assert (mt.cuda.memory_cached(), mt.cuda.max_memory_cached()) == (0, 0)
    assert mt.cuda.memory_summary().split() == ["allocated", "0", "B", "reserved", "0", "B"]
    with pytest.raises(RuntimeError, match="CUDA is not available"):
        mt.cuda.get_rng_state()
    with pytest.raises(NotImplementedError, match="torch.cuda.nvtx.range_push is not in minitorch"):
        mt.cuda.nvtx.range_push("step")


def test_settings_of_the_compilers_inside() -> None:
    program(
        """
        import torch, torch._dynamo, torch._inductor.config as config
        torch._dynamo.config.suppress_errors = True
        config.triton.cudagraphs = True
        config.coordinate_descent_tuning = True
        torch._dynamo.reset()
        assert torch._dynamo.config.suppress_errors and config.coordinate_descent_tuning and not config.max_autotune
        assert not torch._dynamo.is_compiling() and torch._dynamo.disable(len)("abc") == 3
        """
    )


def test_determinism_by_name_and_number() -> None:
    found = []
    for L in LIBRARIES:
        seen: list = [L.get_deterministic_debug_mode()]
        for mode in ("warn", 2, 1, "error", 0, "default", "loud", 5):
            seen.append(outcome(lambda L=L, mode=mode: L.set_deterministic_debug_mode(mode)))
            seen.append((L.get_deterministic_debug_mode(), L.are_deterministic_algorithms_enabled()))
            seen.append(L.is_deterministic_algorithms_warn_only_enabled())
        found.append(seen)
    assert found[0] == found[1]
    assert mt.set_flush_denormal(True) is False


def test_kernels_of_attention_within_a_block() -> None:
    found = []
    for L in LIBRARIES:
        c = L.backends.cuda

        def switches(c: Any = c) -> list:
            return [c.flash_sdp_enabled(), c.math_sdp_enabled(), c.mem_efficient_sdp_enabled(), c.cudnn_sdp_enabled()]

        c.enable_math_sdp(False)
        with pytest.warns(FutureWarning) if L is torch else contextlib.nullcontext():
            block = c.sdp_kernel(enable_flash=False, enable_cudnn=False)
        with block:
            seen = switches()
        found.append((seen, switches()))
        c.enable_math_sdp(True)
    assert found[0] == found[1]
