"""`import torch` as minitorch: what resolves to what, what a missing name says, and going back."""

from __future__ import annotations

import operator

import pytest
from torch.torch_version import TorchVersion as Theirs

from minitorch.compat import TORCH_VERSION, TorchVersion
from tests.compat.tools import program, start


def test_imports_resolve_to_minitorch():
    program(
        """
        import minitorch as mt
        import torch, torch.nn as nn, torch.nn.functional as F, torch.optim as optim
        import torch.backends.cudnn as cudnn, torch.utils.data, torch.nn.utils.rnn, torch.autograd.profiler
        import torch.cuda.amp, torch.multiprocessing as mp, torch.utils.model_zoo, torch.distributed as dist
        from torch import Tensor, cat, nn as nn2, optim as optim2
        from torch.autograd import Variable, Function
        from torch.nn.parameter import Parameter
        from torch.nn.modules.batchnorm import _BatchNorm
        from torch.optim.optimizer import Optimizer
        from torch.utils.data import DataLoader
        from torch.utils.data.dataset import Dataset
        from torch.hub import load_state_dict_from_url
        from torch.nn.attention.flex_attention import flex_attention
        from torch._six import inf, string_classes
        from torch.jit.annotations import List, BroadcastingList2
        from torch.types import Device
        from torch.utils._pytree import tree_map

        assert nn.Linear is mt.nn.Linear and F.relu is mt.nn.functional.relu and optim.Adam is mt.optim.Adam
        assert nn2 is nn is torch.nn and F is nn.functional is torch.nn.functional and optim2.SGD is mt.optim.SGD
        assert Tensor is mt.Tensor and cat is mt.cat and Parameter is mt.nn.Parameter
        assert Optimizer is mt.optim.Optimizer
        assert DataLoader is mt.utils.data.DataLoader and Dataset is torch.utils.data.Dataset
        assert _BatchNorm is nn.modules.batchnorm._BatchNorm and issubclass(nn.BatchNorm2d, _BatchNorm)
        assert Variable is mt.autograd.Variable and issubclass(Function, mt.autograd.Function)
        assert isinstance(torch.ones(2), torch.Tensor) and isinstance(torch.ones(2), torch.FloatTensor)
        assert torch.Tensor([1.0, 2.0]).tolist() == [1.0, 2.0] == torch.FloatTensor([1, 2]).tolist()
        assert torch.typename(torch.ones(1).double()) == "torch.DoubleTensor"
        assert List[int] and BroadcastingList2[int] and torch._C._get_tracing_state() is None
        assert torch._C._log_api_usage_once("python.nn_module") is None and torch.cuda._initialized is False
        import torch.distributed.nn as dist_nn
        from torch.nn.parallel.scatter_gather import scatter
        assert dist_nn.functional.all_gather is dist_nn.all_gather and not hasattr(torch, "distributed_nn")
        assert inf == torch.inf and string_classes == (str, bytes)
        assert "Linear" in dir(nn) and "nn" in dir(torch) and "errors" not in dir(torch)
        """
    )


def test_star_import():
    out = program(
        """
        from torch.nn import *
        from torch.optim.optimizer import *
        from torch.nn.modules.linear import *
        print(Linear.__name__, ReLU.__name__, Optimizer.__name__, functional.__name__)
        """
    )
    assert out == "Linear ReLU Optimizer torch.nn.functional\n"


def test_setting_a_name_sets_it_in_minitorch():
    program(
        """
        import minitorch as mt, torch, torch.nn.functional as F
        torch.backends.cudnn.benchmark = True
        assert mt.backends.cudnn.benchmark is True
        before = F.relu
        F.relu = lambda x: "mine"
        assert mt.nn.functional.relu(0) == "mine"
        F.relu = before
        torch.mine = 3
        assert mt.mine == 3
        del torch.mine
        assert not hasattr(mt, "mine") and not hasattr(torch, "mine")
        """
    )


@pytest.mark.parametrize(
    ("statement", "error", "message"),
    [
        ("torch.flor", "AttributeError", "module 'torch' has no attribute 'flor': it is not in minitorch. "
                                         "Did you mean: floor?"),
        ("torch.nn.linear", "AttributeError", "Did you mean: Linear"),
        ("torch.nn.functional.zzzz", "AttributeError", "'torch.nn.functional' has no attribute 'zzzz': it is not in"),
        ("torch.nn.modules.linear.Linaer", "AttributeError", "Did you mean: Linear"),
        ("torch.errors", "AttributeError", "module 'torch' has no attribute 'errors'"),
        ("import torch.fooo", "ModuleNotFoundError", "module 'torch' has no module or name 'fooo': it is not in mini"),
        ("from torch.nn import Linaer", "ModuleNotFoundError", "'Linaer': it is not in minitorch. Did you mean: Lin"),
        ("from torch.foo.bar import x", "ModuleNotFoundError", "no module or name 'foo'"),
        ("import torch.Tensor", "ModuleNotFoundError", "'Tensor' is no module, but in 'torch'"),
        ("from torch import ops", "ModuleNotFoundError", "'ops'"),
        ("from torch.utils.tensorboard import SummaryWriter", "ModuleNotFoundError", "pip install tensorboardX"),
    ],
)  # fmt: skip
def test_a_missing_name_says_so(statement, error, message):
    if "tensorboard" in statement:
        try:
            import tensorboardX  # noqa: F401

            pytest.skip("tensorboardX is installed")
        except ImportError:
            pass
    out = program(f"import torch\ntry:\n    {statement}\nexcept Exception as e:\n    print(type(e).__name__, e)")
    assert out.startswith(error + " ") and message in out, out


def test_going_back_to_the_real_torch_and_refusing_to_mix():
    out = program(
        """
        import torch, minitorch as mt
        c.install()
        assert c.is_installed() and torch.ones is mt.ones
        c.uninstall()
        c.uninstall()
        assert not c.is_installed()
        import torch
        assert torch.ones is not mt.ones and "minitorch" not in torch.__version__
        try:
            c.install()
        except RuntimeError as e:
            print(e)
        """
    )
    assert "has already been imported from" in out and "install before anything imports torch" in out


def test_without_a_real_torch_too():
    out = program(
        """
        import sys, importlib.machinery
        real = importlib.machinery.PathFinder.find_spec
        def blind(name, path=None, target=None):
            assert name.split(".")[0] != "torch", name
            return real(name, path, target)
        importlib.machinery.PathFinder.find_spec = blind
        import torch.nn.utils, torch.utils.data.sampler
        print(torch.zeros(1).item())
        """
    )
    assert out == "0.0\n"


def test_what_is_pickled_needs_no_torch(tmp_path):
    path = tmp_path / "net.pickle"
    program(
        f"""
        import pickle, torch
        net = torch.nn.Sequential(torch.nn.Linear(2, 1), torch.nn.ReLU())
        things = net, torch.Tensor, torch.float32, torch.nn.functional.relu, torch.Size([1])
        pickle.dump(things, open({str(path)!r}, "wb"))
        """
    )
    done = start(["-c", f"import pickle; print(pickle.load(open({str(path)!r}, 'rb'))[0])"])
    assert done.returncode == 0 and done.stdout.startswith("Sequential("), done.stderr


def test_version_as_scripts_use_it():
    out = program(
        """
        import torch
        print(torch.__version__.split("+")[0].split(".")[:2], torch.__version__[:2], torch.__version__.startswith("2."))
        print(torch.__version__ >= "1.8", torch.__version__ > (2, 0), torch.version.cuda, torch.version.__version__)
        """
    )
    assert out == "['2', '13'] 2. True\nTrue True None 2.13.0+minitorch\n"
    assert int(TORCH_VERSION.split(".")[0]) == 2 and hash(TORCH_VERSION) == hash(str(TORCH_VERSION))


VERSIONS = ["1.8", "1.10.0", "2.0.0+cu118", "2.13", "2.13.0", "2.13.0a0", "2.13.0rc1", "2.9.1", "10.0", "parrot"]


@pytest.mark.parametrize("mine", VERSIONS[:-1])
@pytest.mark.parametrize("other", [*VERSIONS, (1, 8), (2, 13), (2, 13, 0), [2, 9]])
def test_versions_compare_as_torchs(mine, other):
    for compare in (operator.lt, operator.le, operator.gt, operator.ge, operator.eq):
        assert bool(compare(TorchVersion(mine), other)) == bool(compare(Theirs(mine), other)), compare
