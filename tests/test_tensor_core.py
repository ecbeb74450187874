"""What every tensor has before any operation, compared with torch: attributes, Python's protocols, sizes, copies.

Each expression is evaluated in both libraries and must read the same, or raise the same type of error.
"""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import minitorch as mt
from tests.expressions import agree, message

SETUP = """
x, v = T([[1.5, -2.5, 3.0], [4.0, 5.0, 6.0]]), T([1.0, 2.0, 3.0])
s, i, b, e = T(2.5), T(3), T(True), T([])
g = torch.ones(2, 3, requires_grad=True)
n = g * 2
"""

ATTRIBUTES = (
    "x.shape", "x.size()", "x.size(0)", "x.size(-1)", "x.size(2)", "s.size(0)", "x.size('a')", "x.size(dim=1)",
    "x.ndim", "x.dim()", "x.numel()", "x.nelement()", "x.itemsize", "x.nbytes", "x.element_size()", "x.is_cuda",
    "x.is_cpu", "x.get_device()", "x.device", "x.layout", "x.is_sparse", "x.is_quantized", "x.is_mps", "x.is_meta",
    "x.names", "x.is_contiguous()", "x.is_leaf", "x.output_nr", "x.grad", "x.grad_fn", "n.grad_fn.name()", "x._version",
    "x.T.shape", "len(x)", "len(s)", "len(e)", "bool(x)", "bool(s)", "bool(e)", "bool(b)", "bool(T([0.]))", "float(s)",
    "float(x)", "float(i)", "float(b)", "float(T(1j))", "int(s)", "int(i)", "int(T([2.7]))", "int(x)",
    "int(T(float('nan')))", "int(T(float('inf')))", "complex(s)", "complex(T(1j))", "complex(x)", "s.__index__()",
    "i.__index__()", "b.__index__()", "T([3]).__index__()", "T([1,2]).__index__()", "[1,2,3,4][i]", "[1,2,3,4][s]",
    "range(i)", "list(v)", "list(s)", "iter(s)", "[a.item() for a in v]", "[r.shape for r in x]", "x.item()",
    "s.item()", "T([[3]]).item()", "e.item()", "b.item()", "T(1j).item()", "type(T(1.,dtype=torch.float64).item())",
    "x.tolist()", "s.tolist()", "e.tolist()", "T([[]]).tolist()", "b.tolist()", "T([1+2j]).tolist()",
    "T([1.5],dtype=torch.bfloat16).tolist()", "T(1.5,dtype=torch.bfloat16).item()",
    "T([1.5],dtype=torch.float16).tolist()",
)  # fmt: skip
PROTOCOLS = (
    "hash(x)==hash(x)", "hash(x)==id(x)", "x in [x]", "1.5 in x", "7. in x", "T(1.5) in x", "v in x", "'a' in x",
    "None in x", "{x: 1}[x]", "x == None", "x != None", "x is None", "x == 'a'", "x.numpy()", "g.numpy()", "n.numpy()",
    "g.detach().numpy()", "g.numpy(force=True)", "np.asarray(x)", "np.array(x)", "np.array(g)",
    "np.asarray(x, dtype='f8')", "np.asarray(x, dtype=int)", "np.shares_memory(np.asarray(x), x.numpy())",
    "np.asarray(x,dtype='f8',copy=False)", "T(True).numpy()", "np.sum(x)", "np.add(x, 1)", "np.exp(T(0.))",
    "np.mean(v)", "np.concatenate([v,v])", "v+np.ones(3)", "np.float64(2)*v", "v*np.float64(2)", "np.float32(2)*v",
    "np.ones(3)@v", "v@np.ones(3)", "np.ones(3)==v", "v==np.ones(3)", "np.int64(2)+i", "v+[1,2,3]", "v+'a'", "v-None",
    "2/v", "v*np.ones(3,dtype='f4')", "v**np.float64(2)", "np.float64(2)**v", "v[np.int64(1)]", "v[np.array([0,2])]",
    "x[np.array([True,False])]", "np.maximum(v,2)",
)  # fmt: skip
SIZES = (
    "torch.Size([2,3])", "torch.Size([])", "torch.Size((2,))", "torch.Size([2,3])[0]", "torch.Size([2,3])[:1]",
    "torch.Size([2,3])[-1:]", "torch.Size([2,3])+torch.Size([4])", "torch.Size([2,3])+(4,)", "(4,)+torch.Size([2,3])",
    "torch.Size([2,3])+[4]", "torch.Size([2,3])*2", "2*torch.Size([2])", "torch.Size([2,3]).numel()",
    "torch.Size([]).numel()", "torch.Size([2,0]).numel()", "torch.Size([2,3])==(2,3)", "torch.Size([2,3])==[2,3]",
    "torch.Size([2,3])==torch.Size([2,3])", "hash(torch.Size([2]))==hash((2,))",
    "pickle.loads(pickle.dumps(torch.Size([2,3])))", "copy.deepcopy(torch.Size([2,3]))", "copy.copy(torch.Size([2]))",
    "torch.Size(['a'])", "torch.Size(3)", "torch.Size([1.5])", "torch.Size([True])", "torch.Size([T(2)])",
    "torch.Size([np.int64(2)])", "torch.Size([2,3]).index(3)", "torch.Size([2,2]).count(2)", "tuple(torch.Size([2,3]))",
    "list(torch.Size([2,3]))", "str(torch.Size([2]))", "f'{torch.Size([2])}'", "len(torch.Size([2,3]))",
    "3 in torch.Size([2,3])", "torch.Size([2,3])<(2,4)", "torch.Size()", "torch.Size([2])+3",
    "isinstance(x.shape,tuple)", "torch.Size([-1])", "x.shape[::-1]", "sorted(torch.Size([3,2]))",
)  # fmt: skip
GRADIENTS = (
    "g.requires_grad", "n.requires_grad", "x.requires_grad_().requires_grad", "x.requires_grad_(False).requires_grad",
    "i.requires_grad_()", "n.requires_grad_(False)", "n.requires_grad_()", "setattr(i,'requires_grad',True)",
    "setattr(n,'requires_grad',False)", "setattr(x,'requires_grad',1)", "setattr(x,'requires_grad','a')",
    "T(1j).requires_grad_().requires_grad", "b.requires_grad_()", "n.detach().requires_grad",
    "n.detach_().requires_grad", "n[0].detach_()", "g.data.requires_grad", "setattr(x,'data',T([1.]))",
    "(setattr(x,'data',T([1.])), x)[1]", "(setattr(x,'data',T([1])), x)[1]", "(setattr(g,'data',T([1])), g)[1]",
    "(setattr(g,'data',T([[1.]])), g)[1]", "setattr(x,'data',3)", "setattr(x,'data',None)",
    "(g.data.add_(1), g._version)", "(g.detach().zero_(), g._version)[1]", "setattr(x,'grad',3)", "setattr(x,'grad',x)",
    "setattr(x,'grad',T([1.]))", "setattr(x,'grad',torch.ones(2,3,dtype=torch.float64))",
    "(setattr(x,'grad',torch.ones(2,3)), x.grad)[1]", "(setattr(x,'grad',None), x.grad)[1]",
    "setattr(x,'grad',torch.ones(3,2))", "(setattr(g,'grad',torch.ones(2,3)), g.__delattr__('grad'), g.grad)[2]",
    "n.retain_grad()", "x.retain_grad()", "g.retain_grad()", "n.retains_grad", "g.retains_grad",
    "(n.retain_grad(), n.retains_grad)[1]", "setattr(x,'shape',(3,2))", "setattr(x,'dtype',torch.int8)",
    "setattr(x,'foo',3)", "(setattr(x,'foo',3), x.foo)[1]", "x.bar", "(setattr(x,'is_leaf',True))",
    "setattr(x,'grad_fn',None)", "g.is_leaf", "n.is_leaf", "x.register_hook(print)",
    "n.register_hook(lambda g: g) is not None",
)  # fmt: skip
COPIES = (
    "copy.copy(x)", "copy.deepcopy(x)", "copy.deepcopy(g)", "copy.deepcopy(g) is g", "copy.deepcopy(n)",
    "copy.deepcopy(x.t()).stride()", "copy.deepcopy(x[:, ::2]).stride()",
    "copy.deepcopy([x,x])[0] is copy.deepcopy([x,x])[1]", "(lambda p: p[0] is p[1])(copy.deepcopy([x,x]))",
    "pickle.loads(pickle.dumps(x))", "pickle.loads(pickle.dumps(g))", "pickle.loads(pickle.dumps(n))",
    "pickle.loads(pickle.dumps(x.t()))", "pickle.loads(pickle.dumps(x.t())).stride()", "pickle.loads(pickle.dumps(s))",
    "pickle.loads(pickle.dumps(e))", "pickle.loads(pickle.dumps(b))",
    "pickle.loads(pickle.dumps(torch.nn.Parameter(x)))", "type(copy.deepcopy(torch.nn.Parameter(x))).__name__",
    "copy.deepcopy(torch.nn.Parameter(x))", "pickle.loads(pickle.dumps(T([1.5],dtype=torch.bfloat16)))",
    "(lambda p: (p[0].zero_(), p[1])[1])(copy.deepcopy([v, v[:2]]))",
    "(lambda p: (p[0].zero_(), p[1])[1])(pickle.loads(pickle.dumps([v, v[:2]])))",
    "(lambda c: (c.add_(1), x)[1])(copy.copy(x))", "(setattr(x,'foo',3), copy.deepcopy(x).foo)[1]",
    "(setattr(x,'foo',3), pickle.loads(pickle.dumps(x)).foo)[1]", "(g.sum().backward(), copy.deepcopy(g).grad)[1]",
    "(g.sum().backward(), pickle.loads(pickle.dumps(g)).grad)[1]",
)  # fmt: skip
FORMS = (
    "'%.2f' % s", "f'{s:.3f}'", "f'{i:d}'", "f'{x}'", "f'{x:.2f}'", "f'{b}'", "f'{s}'", "round(s.item(),1)", "str(s)",
    "repr(i)", "format(s,'.1e')", "abs(s)", "-s", "+s", "~i", "round(s)", "divmod(i,2)", "torch.is_tensor(x)",
    "torch.is_tensor(3)", "x.dtype", "x.new_zeros(2).dtype", "x.clone() is x", "x.data is x", "x.detach() is x",
    "x.cpu() is x", "x.type()", "x.is_same_size(x)", "x.is_shared()", "x.is_inference()", "x.storage_offset()",
    "x.untyped_storage().nbytes()", "x.real is x", "x.nonzero().shape", "x.__array_priority__", "reversed(v)",
    "x.ndimension()", "x.data_ptr()==x.view(-1).data_ptr()", "T([1,2,3]).__contains__(2)", "x.__class__.__name__",
    "x.is_nonzero()", "x.is_floating_point()", "x.is_complex()", "x.is_signed()", "x.mT.shape",
    "x.requires_grad_().grad", "x.backward()", "g.backward()", "i.backward()",
)  # fmt: skip


@pytest.mark.parametrize("expression", (*ATTRIBUTES, *PROTOCOLS, *SIZES, *GRADIENTS, *COPIES, *FORMS))
def test_as_torch(expression: str) -> None:
    agree(expression, SETUP)


DEVICES = (
    "torch.device('cpu')", "torch.device('cuda:0')", "torch.device('cuda', 1)", "torch.device('cpu', 0)",
    "torch.device('cuda:a')", "torch.device('foo')", "torch.device('')", "torch.device('cuda:')",
    "torch.device('cuda:-1')", "torch.device('cuda:01')", "torch.device('cuda', -1)", "torch.device('cuda:0', 1)",
    "torch.device(1.5)", "torch.device()", "torch.device(None)", "torch.device(True)", "torch.device('CPU')",
    "torch.device(type='cuda', index=1)", "torch.device('cpu') == torch.device('cpu')", "torch.device('cpu') == 'cpu'",
    "torch.device('cuda') == torch.device('cuda:0')", "torch.device('cpu:0') == torch.device('cpu')",
    "hash(torch.device('cuda:1')) == hash(torch.device('cuda', 1))", "str(torch.device('cuda:1'))",
    "f'{torch.device(\"cpu\")}'", "torch.device('cuda').index", "torch.device('cuda:3').index",
    "torch.device('cuda:3').type", "torch.device(torch.device('cpu'))",
    "pickle.loads(pickle.dumps(torch.device('cuda:1')))", "copy.deepcopy(torch.device('cpu'))",
    "x.device == torch.device('cpu')", "torch.ones(1, device='cpu').device",
    "torch.ones(1, device=torch.device('cpu', 0)).device.type", "torch.get_default_device()",
)  # fmt: skip


@pytest.mark.parametrize("expression", DEVICES)
def test_devices(expression: str) -> None:
    agree(expression, SETUP)


LEGACY = (
    "torch.FloatTensor(2, 3).shape", "torch.FloatTensor([1, 2])", "torch.FloatTensor()", "torch.LongTensor([1, 2])",
    "torch.LongTensor([1.5])", "torch.FloatTensor((1, 2))", "torch.FloatTensor(T([1.0]))", "torch.FloatTensor(T([1]))",
    "torch.FloatTensor(np.ones(2, dtype='f4'))", "torch.FloatTensor(np.ones(2))", "torch.FloatTensor(3).shape",
    "torch.FloatTensor(3.5)", "torch.FloatTensor('a')", "torch.FloatTensor(torch.Size([2, 3])).shape",
    "torch.FloatTensor(size=(2, 3)).shape", "torch.Tensor(2, 3).shape", "torch.Tensor([1, 2])", "torch.Tensor()",
    "torch.Tensor(T([1.0, 2.0]))", "torch.Tensor(3).shape", "torch.Tensor(3.5)", "torch.Tensor([[1, 2], [3, 4]]).dtype",
    "torch.Tensor(torch.Size([2])).shape", "torch.Tensor(np.ones(2))", "torch.Tensor(range(3))",
    "torch.BoolTensor([1, 0])", "torch.ByteTensor([255])", "torch.ByteTensor([256])", "torch.HalfTensor([1])",
    "torch.BFloat16Tensor([1])", "torch.DoubleTensor([1])", "isinstance(x, torch.FloatTensor)",
    "isinstance(x, torch.LongTensor)", "isinstance(x, torch.Tensor)", "isinstance(3, torch.FloatTensor)",
    "torch.FloatTensor", "torch.FloatTensor.dtype", "issubclass(torch.nn.Parameter, torch.Tensor)",
    "torch.Tensor(x) is x", "torch.Tensor(2, -1)", "torch.Tensor([1, 'a'])", "torch.Tensor(2, device='cpu').shape",
    "x.new([1, 2])", "x.new(2, 3).shape", "(torch.Tensor(x).zero_(), x)[1]",
    "isinstance(torch.nn.Parameter(x), torch.FloatTensor)",
)  # fmt: skip


@pytest.mark.parametrize("expression", LEGACY)
def test_legacy_constructors(expression: str) -> None:
    agree(expression, SETUP)


MESSAGES = {
    "len(s)": "len() of a 0-d tensor", "iter(s)": "iteration over a 0-d tensor",
    "bool(x)": "more than one value is ambiguous", "bool(e)": "no values is ambiguous",
    "x.item()": "cannot be converted to Scalar", "float(x)": "only one element tensors",
    "g.numpy()": "Use tensor.detach().numpy()", "copy.deepcopy(n)": "graph leaves",
    "i.requires_grad_()": "floating point", "n.requires_grad_(False)": "leaf variables",
    "setattr(x, 'grad', 3)": "assigned grad expected to be a Tensor", "setattr(x, 'grad', x)": "as its own grad",
    "setattr(x, 'grad', T([1.0]))": "different size", "setattr(x, 'grad', x.double())": "different type",
    "x.retain_grad()": "requires_grad=False", "n[0].detach_()": "Can't detach views",
    "s.__index__()": "only integer tensors", "setattr(x, 'data', 3)": "has to be a tensor",
    "setattr(x, 'requires_grad', 1)": "must be a bool", "x.size(2)": "out of range", "v + None": "",
}  # fmt: skip


@pytest.mark.parametrize("expression", MESSAGES)
def test_messages(expression: str) -> None:
    assert MESSAGES[expression] in message(expression, mt, "import copy" + SETUP)


def test_default_device() -> None:
    mt.set_default_device("cpu")
    with mt.device("cpu") as d:
        assert d == mt.get_default_device() == mt.ones(1).device
    mt.set_default_device(None)
    assert str(mt.get_default_device()) == "cpu"


def test_numpy_arrays_on_the_left() -> None:
    """array + tensor is a tensor (torch leaves it to NumPy, which refuses or not by version)."""
    v = mt.tensor([1.0, 2.0])
    for result in (np.ones(2) + v, v + np.ones(2), np.ones(2) * v, np.float64(2) * v):
        assert isinstance(result, mt.Tensor)
    assert (np.ones(2, dtype="float32") - v).tolist() == [0.0, -1.0]


def test_copies_keep_shared_memory() -> None:
    x = mt.arange(6.0).reshape(2, 3)
    a, b = copy.deepcopy([x, x.t()[1:]])
    a[0, 1] = 100
    assert b[0, 0] == 100 and x[0, 1] == 1 and b.stride() == (1, 3)


def test_pickle_of_parameters_and_views() -> None:
    p = mt.nn.Parameter(mt.arange(4.0))
    q = pickle.loads(pickle.dumps(p))
    assert type(q) is mt.nn.Parameter and q.requires_grad and q.tolist() == p.tolist()
    view = pickle.loads(pickle.dumps(mt.arange(10)[::3]))
    assert view.tolist() == [0, 3, 6, 9] and view.is_leaf
