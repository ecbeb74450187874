"""Little things that scripts use, beside torch's where torch's runs here."""

from __future__ import annotations

import warnings
from collections import OrderedDict, namedtuple
from typing import Any

import pytest
import torch
from torch.utils import _pytree as their_tree

import minitorch as mt
import minitorch.autograd.profiler
import minitorch.utils._pytree as our_tree
import minitorch.utils.model_zoo  # noqa: F401
from minitorch import compiling

LIBRARIES = (torch, mt)
Pair = namedtuple("Pair", "a b")


def outcome(call: Any) -> tuple:
    """("", value) or (error type, message's first line)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return "", call()
        except Exception as error:
            return type(error), str(error).split("\n")[0]


def test_compile_and_jit_give_back_what_they_get() -> None:
    compiling._said.clear()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for _ in range(2):

            @mt.compile
            def f(x: Any) -> Any:
                return x + 1

            @mt.compile(mode="max-autotune", dynamic=True)
            def g(x: Any) -> Any:
                return x + 2

            @mt.jit.script
            def h(x: Any) -> Any:
                return x + 3

        net = mt.nn.Linear(1, 1)
        assert mt.compile(net) is net is mt.jit.trace(net, mt.ones(1)) is mt.jit.script(net)
    assert (f(1), g(1), h(1)) == (2, 3, 4)
    assert [str(w.message).split(":")[0] for w in caught] == [
        "torch.compile does nothing", "torch.jit.script does nothing", "torch.jit.trace does nothing",
    ]  # fmt: skip
    assert {w.filename for w in caught} == {__file__}
    assert mt.compile(disable=True)(f) is f
    for L in LIBRARIES:
        with pytest.raises(RuntimeError, match="Either mode or options can be specified"):
            L.compile(f, mode="default", options={"a": 1})


def test_jit_decorators() -> None:
    class Net(mt.jit.ScriptModule):
        @mt.jit.script_method
        def forward(self, x: Any) -> Any:
            return mt.jit.annotate(int, self.helper(x))

        @mt.jit.ignore
        def helper(self, x: Any) -> Any:
            return x * self.more()

        @mt.jit.ignore(drop=True)
        def more(self) -> int:
            return 3

        @mt.jit.unused
        @mt.jit.export
        def other(self) -> None:
            pass

    assert Net()(2) == 6 and isinstance(Net(), mt.nn.Module)
    assert not mt.jit.is_scripting() and not mt.jit.is_tracing()
    with pytest.raises(RuntimeError, match="eval mode"):
        mt.jit.freeze(Net())
    assert mt.jit.freeze(net := Net().eval()) is net


LEFT_OUT = [
    "hub.load", "hub.load_state_dict_from_url", "utils.model_zoo.load_url", "onnx.export", "fx.symbolic_trace",
    "jit.load", "jit.save", "sparse_csr_tensor", "autograd.profiler.emit_nvtx", "fx.GraphModule",
    "distributed.rpc.init_rpc", "export.export",
    "nn.attention.flex_attention.flex_attention", "nn.parallel.scatter", "quantization.quantize_dynamic",
    "quantize_per_tensor",
]  # fmt: skip


@pytest.mark.parametrize("name", LEFT_OUT)
def test_what_is_left_out_says_so(name: str) -> None:
    value: Any = mt
    for part in name.split("."):
        value = getattr(value, part)
    with pytest.raises(NotImplementedError) as error:
        value("anything", key=1)
    assert str(error.value).startswith(f"torch.{name} is not in minitorch: ")
    assert "Not in minitorch" in value.__doc__
    if isinstance(value, type):
        assert not isinstance(3, value)
        with pytest.raises(NotImplementedError):
            type("Mine", (value,), {})


def test_sparse_methods_of_dense_tensors() -> None:
    for name in ("values", "indices", "coalesce", "is_coalesced", "sparse_dim", "dense_dim"):
        theirs, ours = (outcome(getattr(L.ones(2), name)) for L in LIBRARIES)
        assert ours == theirs
    for L in LIBRARIES:
        x = L.ones(2)
        assert x.to_dense() is x and x.to_dense(L.float64).dtype is L.float64
    with pytest.raises(NotImplementedError, match="only layout=torch.sparse_coo"):
        mt.ones(2).to_sparse(layout=mt.strided)


def test_data_parallel() -> None:
    if mt.cuda.is_available():
        pytest.skip("a GPU is there")
    found = []
    for L in LIBRARIES:
        L.manual_seed(0)
        net = L.nn.DataParallel(L.nn.Linear(3, 2), device_ids=[0, 1])
        found.append((net.device_ids, net(L.ones(2, 3)).tolist(), list(net.state_dict()), repr(net)))
    assert found[0] == found[1]
    assert mt.nn.parallel.data_parallel(net.module, mt.ones(2, 3)).tolist() == found[1][1]


def test_random_forks() -> None:
    found = []
    for L in LIBRARIES:
        L.random.manual_seed(5)
        with L.random.fork_rng(devices=[]):
            L.manual_seed(1)
            inner = L.rand(3).tolist()
        with L.random.fork_rng(enabled=False):
            L.rand(1)
        state = L.random.get_rng_state()
        after = L.rand(3).tolist()
        L.random.set_rng_state(state)
        found.append((inner, after, L.rand(3).tolist(), L.random.initial_seed()))
    assert found[0] == found[1] and found[0][1] == found[0][2]


@pytest.mark.parametrize("settings", [(1, 1, 2, 0, 0), (1, 1, 2, 2, 3), (0, 1, 1, 1, 0), (2, 3, 1, 0, 5)])
def test_schedule(settings: tuple) -> None:
    names = ("wait", "warmup", "active", "repeat", "skip_first")
    theirs, ours = (L.profiler.schedule(**dict(zip(names, settings, strict=True))) for L in LIBRARIES)
    assert [ours(i).name for i in range(30)] == [theirs(i).name for i in range(30)]
    for L in LIBRARIES:
        with pytest.warns(UserWarning, match="won't be using warmup"):
            L.profiler.schedule(wait=0, warmup=0, active=1)
        for wrong in ({"active": 0}, {"active": 1, "repeat": -1}):
            with pytest.raises(AssertionError, match="Invalid profiler schedule"):
                L.profiler.schedule(wait=0, warmup=1, **wrong)


def test_record_function() -> None:
    for module in (mt.profiler, mt.autograd.profiler):

        @module.record_function("label")
        def f(module: Any = module) -> int:
            with module.record_function("inner"):
                return 3

        assert f() == 3


def test_backends_are_settable_and_harmless() -> None:
    for L in LIBRARIES:
        b = L.backends
        before = b.cudnn.benchmark, b.cuda.matmul.allow_tf32
        b.cudnn.benchmark, b.cuda.matmul.allow_tf32 = True, True
        assert b.cudnn.benchmark is True and b.cuda.matmul.allow_tf32 is True
        b.cudnn.benchmark, b.cuda.matmul.allow_tf32 = before
        b.cuda.enable_flash_sdp(False)
        assert b.cuda.flash_sdp_enabled() is False and b.cuda.math_sdp_enabled() is True
        b.cuda.enable_flash_sdp(True)
        assert b.mps.is_available() is False and b.cudnn.is_available() is False


@pytest.mark.parametrize("make", [
    lambda L: L.ones(1), lambda L: L.ones(1, dtype=L.int64), lambda L: 3, lambda L: "a", lambda L: [1],
    lambda L: Pair(1, 2), lambda L: Pair, lambda L: None, lambda L: int,
])  # fmt: skip
def test_typename(make: Any) -> None:
    assert mt.typename(make(mt)) == torch.typename(make(torch))


TREES = [
    3, None, [], (1, 2), [1, (2, {"b": 3, "a": [4]})], Pair(1, [2, 3]), OrderedDict(x=1, y=(2,)), {"z": (), "y": [[]]},
    {1, 2}, "text",
]  # fmt: skip


@pytest.mark.parametrize("tree", TREES, ids=str)
def test_trees(tree: Any) -> None:
    found = []
    for T in (their_tree, our_tree):
        leaves, spec = T.tree_flatten(tree)
        back = T.tree_unflatten(leaves, spec)
        assert back == tree and type(back) is type(tree)
        found.append(
            (leaves, spec.num_leaves, T.tree_map(str, tree), T.tree_leaves(tree), T.tree_map_only(int, float, tree),
             T.tree_map(lambda a, b: (a, b), tree, tree), T.tree_any(bool, tree), T.tree_all(bool, tree),
             outcome(lambda T=T, spec=spec: T.tree_unflatten([1] * 9, spec))[0])
        )  # fmt: skip
    assert found[0] == found[1]
    leaves, _ = our_tree.tree_flatten([(1, 2), 3], is_leaf=lambda x: isinstance(x, tuple))
    assert leaves == [(1, 2), 3]


def test_trees_that_differ() -> None:
    for T in (their_tree, our_tree):
        with pytest.raises(ValueError):
            T.tree_map(lambda a, b: a, [1, 2], [1, 2, 3])
        with pytest.raises(ValueError):
            T.tree_map(lambda a, b: a, {"a": [1, 2]}, {"a": (1, 2)})
        with pytest.raises(ValueError):
            T.tree_map(lambda a, b: a, {"a": 1}, {"b": 1})
        assert T.tree_map(lambda a, b: (a, b), [1, {"a": 2, "b": 3}], [1, {"b": [4], "a": 5}]) == [
            (1, 1), {"a": (2, 5), "b": (3, [4])},
        ]  # fmt: skip


def test_streams_say_that_there_is_no_gpu() -> None:
    if mt.cuda.is_available():
        pytest.skip("a GPU is there")
    for name in ("current_stream", "default_stream", "Stream", "get_device_properties", "mem_get_info", "ipc_collect"):
        with pytest.raises(RuntimeError, match="CUDA is not available"):
            getattr(mt.cuda, name)()
    assert mt.cuda.max_memory_reserved() == 0 and mt.cuda.get_arch_list() == [] and not mt.cuda.is_bf16_supported()
    mt.cuda.seed_all()
    with mt.cuda.stream(None):
        pass
    with pytest.raises(AttributeError, match="no attribute 'zork'"):
        mt.cuda.zork  # noqa: B018


def test_names_of_the_package() -> None:
    assert {"amp", "jit", "compile", "typename", "nn"} <= set(dir(mt))
    with pytest.raises(AttributeError, match="module 'minitorch' has no attribute 'zork'"):
        mt.zork  # noqa: B018


def test_jit_names_that_copies_of_models_take() -> None:
    class Layer(mt.nn.Module):
        @mt.jit._overload_method
        def forward(self, x: list) -> Any:
            pass

        @mt.jit._overload_method
        def forward(self, x: Any) -> Any:  # noqa: F811
            pass

        def forward(self, x: Any) -> Any:  # noqa: F811
            return x * 2

    assert Layer()(mt.ones(1)) == 2
    assert mt.jit._script_if_tracing(outcome) is outcome


def test_what_tracers_are_told() -> None:
    for L in LIBRARIES:
        fx = L.fx
        assert L is torch or fx.wrap(outcome) is outcome
        with pytest.raises(RuntimeError, match="Must be either a callable or string name"):
            fx.wrap(3)
        L._assert(True, "never said")
        with pytest.raises(AssertionError, match="two dims"):
            L._assert(L.ones(2).dim() == 2, "two dims")


def futures_tour(L: Any) -> list:
    seen: list = []
    first, second, wrong = (L.futures.Future() for _ in range(3))
    doubled = first.then(lambda done: done.wait() * 2)
    both = L.futures.collect_all([first, second])
    first.add_done_callback(lambda done: seen.append(("called", done.value())))
    second.set_result("b")
    seen += [first.done(), second.done(), both.done()]
    first.set_result(21)
    seen += [doubled.wait(), both.done(), [one.value() for one in both.wait()], L.futures.wait_all([first, second])]
    wrong.set_exception(ValueError("no"))
    failed = wrong.then(lambda done: done.wait())
    for call in (wrong.wait, wrong.value, failed.wait, lambda: first.set_result(1), lambda: wrong.set_exception(1)):
        kind, text = outcome(call)
        seen.append((kind, str(text)[:40]))
    return [*seen, outcome(L.futures.Future().value)[0], L.futures.collect_all([]).wait()]


def test_futures() -> None:
    assert mt.Future is mt.futures.Future
    ours, theirs = map(futures_tour, LIBRARIES)
    assert ours == theirs
    with pytest.raises(NotImplementedError, match="devices"):
        mt.futures.Future(devices=["cuda:0"])


def test_the_folder_of_downloads(monkeypatch: pytest.MonkeyPatch) -> None:
    for home in ("/somewhere", None):
        monkeypatch.delenv("TORCH_HOME", raising=False)
        if home:
            monkeypatch.setenv("TORCH_HOME", home)
        ours, theirs = ([L.hub.get_dir(), L.hub._get_torch_home()] for L in LIBRARIES)
        assert ours == theirs
    monkeypatch.setattr("minitorch.left_out._hub_dir", [])
    mt.hub.set_dir("/elsewhere")
    assert mt.hub.get_dir() == "/elsewhere"
    assert mt.hub.HASH_REGEX.search("net-00ab.pth")[1] == torch.hub.HASH_REGEX.search("net-00ab.pth")[1]


def steps(L: Any, profile: Any, count: int) -> Any:
    """A profile of `count` steps of a small net."""
    net = L.nn.Linear(3, 2)
    with profile as prof:
        for _ in range(count):
            with L.profiler.record_function("forward"):
                loss = net(L.ones(4, 3)).exp().sum()
            loss.backward()
            if hasattr(prof, "step"):
                prof.step()
    return prof


def test_profile_shows_what_took_time(tmp_path: Any) -> None:
    prof = steps(mt, mt.profiler.profile(activities=[mt.profiler.ProfilerActivity.CPU], record_shapes=True), 3)
    rows = {event.key: event for event in prof.key_averages()}
    assert rows["label forward"].count == rows["nn.functional.linear.linear"].count == 3
    assert 0 < rows["nn.functional.linear.linear"].cpu_time_total < prof.key_averages().elapsed
    table = prof.key_averages(group_by_input_shape=True).table(sort_by="self_cuda_time_total", row_limit=5)
    assert "# of Calls" in table and len(table.splitlines()) == 5 + 5 and prof.self_cpu_time_total > 0
    prof.export_chrome_trace(str(tmp_path / "new" / "trace.json"))
    assert (tmp_path / "new" / "trace.json").read_text().count("forward") == 3
    with pytest.raises(AttributeError, match="sort_by='size'"):
        prof.table(sort_by="size")
    old = steps(mt, mt.autograd.profiler.profile(use_cuda=False), 2)
    assert len(old.key_averages()) == len(old.events()) > 2 and str(old) == old.table()
    assert not steps(mt, mt.autograd.profiler.profile(enabled=False), 1).key_averages()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("wait", "warmup", "active", "repeat"), [(1, 1, 2, 2), (1, 1, 2, 0), (0, 1, 3, 1), (0, 1, 4, 0)]
)
def test_profile_follows_a_schedule(wait: int, warmup: int, active: int, repeat: int, tmp_path: Any) -> None:
    found = []
    for L in LIBRARIES:
        seen: list = []
        plan = L.profiler.schedule(wait=wait, warmup=warmup, active=active, repeat=repeat)
        steps(L, L.profiler.profile(schedule=plan, on_trace_ready=lambda p, seen=seen: seen.append(p.step_num)), 10)
        found.append(seen)
    assert found[0] == found[1]
    handler = mt.profiler.tensorboard_trace_handler(str(tmp_path), "me")
    steps(mt, mt.profiler.profile(schedule=mt.profiler.schedule(wait=0, warmup=1, active=1), on_trace_ready=handler), 4)
    assert len(list(tmp_path.glob("me.*.pt.trace.json"))) == 2


def test_the_progress_bar_that_scripts_take_from_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("minitorch.left_out.find_spec", lambda name: None)
    for module in (mt.hub, mt.utils.model_zoo):
        with module.tqdm([1, 2], desc="x") as bar:
            assert list(bar) == [1, 2]
            bar.set_postfix({"loss": 1})
            bar.update(2)
    assert not hasattr(mt.hub, "nothing")
