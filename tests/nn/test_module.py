"""Modules: registration, walking, conversion, showing, copies and pickles, as in torch."""

import inspect

import pytest
import torch

import minitorch as mt
from tests.nn.module_lockstep import check

PROGRAMS = {
    "constructor arguments": "note(refused(lambda: nn.Module(3)), refused(lambda: nn.Module(a=3)))",
    "call_super_init": """
        class Other:
            def __init__(self, a): self.a = a
        class Net(nn.Module, Other):
            call_super_init = True
            def __init__(self): super().__init__(5)
        note(Net().a, nn.Module.call_super_init)""",
    "no forward": "note(refused(lambda: nn.Module()(x)))",
    "before init": """
        class Net(nn.Module):
            def __init__(self, what): setattr(self, 'a', what)
        for what in (nn.Parameter(x), nn.ReLU(), nn.Buffer(x)): note(refused(lambda: Net(what))[0])
        note(refused(lambda: Net(nn.ReLU())), refused(lambda: Net(nn.Parameter(x))))
        m = nn.Module.__new__(nn.Module)
        note(refused(lambda: m.register_parameter('a', None)), refused(lambda: m.register_buffer('a', None)))""",
    "register_parameter refuses": """
        m = nn.Linear(3, 2)
        for name, value in ((3, None), ('a.b', None), ('', None), ('forward', None), ('p', x), ('p', 'text'),
                            ('p', nn.ReLU), ('p', 3.5)):
            note(refused(lambda: m.register_parameter(name, value)))
        note(refused(lambda: m.register_parameter('p', nn.Parameter(x) * 2)))""",
    "register_buffer refuses": """
        m = nn.Linear(3, 2)
        for name, value in ((3, None), ('a.b', None), ('', None), ('weight', None), ('p', 'text'), ('p', nn.ReLU())):
            note(refused(lambda: m.register_buffer(name, value)))""",
    "add_module refuses": """
        m = nn.Linear(3, 2)
        for name, value in ((3, None), ('a.b', nn.ReLU()), ('', nn.ReLU()), ('weight', nn.ReLU()), ('p', 'text'), ('p',
            x)):
            note(refused(lambda: m.add_module(name, value)))""",
    "assigning the wrong thing": """
        m = nn.Sequential(nn.Linear(3, 2)); m.register_buffer('b', x)
        note(refused(lambda: setattr(m[0], 'weight', x)), refused(lambda: setattr(m[0], 'weight', 'w')))
        note(refused(lambda: setattr(m, '0', x)), refused(lambda: setattr(m, 'b', 'text')), refused(lambda: setattr(m,
            'b', 3)))""",
    "assigning None": """
        m = nn.Linear(3, 2); m.c = nn.ReLU(); m.register_buffer('b', x)
        m.weight = None; m.c = None; m.b = None
        note(list(m._parameters), list(m._modules), list(m._buffers), m.weight, m.c, m.b, m, list(m.state_dict()))""",
    "an attribute changes its kind": """
        m = nn.Module(); m.a = 3; m.a = nn.Parameter(x); note('a' in m.__dict__, list(m._parameters))
        note(refused(lambda: setattr(m, 'a', nn.ReLU())), refused(lambda: setattr(m, 'a', nn.Buffer(x))))
        m.b = nn.ReLU(); m.b = nn.Parameter(x); note(list(m._parameters), list(m._modules))
        m.c = nn.Buffer(x); m.c = nn.ReLU(); note(list(m._buffers), list(m._modules))
        m.c = nn.Parameter(x); m.d = nn.ReLU()
        note(refused(lambda: setattr(m, 'd', nn.Buffer(x))), list(m._parameters))""",
    "buffers and Buffer": """
        m = nn.Module(); m.a = nn.Buffer(x); m.b = nn.Buffer(x, persistent=False); m.register_buffer('c', None)
        note(list(m.state_dict()), m._non_persistent_buffers_set == {'b'}, isinstance(m.a, nn.Buffer),
            type(m.a).__name__)
        m.b = x + 1; m.c = x; note(list(m.state_dict()), list(dict(m.named_buffers())))
        m.b = nn.Buffer(x); note(list(m.state_dict()), repr(nn.Buffer(x)), isinstance(x, nn.Buffer))
        m.register_buffer('b', x, persistent=False); note(list(m.state_dict()))
        del m.b; note(m._non_persistent_buffers_set == set(), refused(lambda: m.b))
        m.b = nn.Parameter(x); note(list(m.state_dict()))""",
    "register_buffer overridden": """
        class Net(nn.Module):
            def register_buffer(self, name, tensor): note('mine', name); super().register_buffer(name, tensor)
        m = Net(); m.a = nn.Buffer(x); note(list(m.state_dict()))
        note(refused(lambda: setattr(m, 'b', nn.Buffer(x, persistent=False))))""",
    "deleting": """
        m = nn.Linear(3, 2); m.c = nn.ReLU(); m.plain = 3
        del m.bias, m.c, m.plain; note(m._parameters.keys(), list(m._modules))
        note(refused(lambda: m.bias), refused(lambda: delattr(m, 'nothing'))[0])""",
    "a property that raises": """
        class Net(nn.Module):
            @property
            def p(self): return self.nothing
        note(refused(lambda: Net().p)[0], refused(lambda: Net().nothing), hasattr(Net(), 'nothing'))""",
    "dir": """
        m = nn.Sequential(nn.Linear(3, 2)); m.register_buffer('buf', x)
        note([n for n in ('0', 'buf', 'training', 'state_dict', 'forward') if n in dir(m)], dir(m) == sorted(dir(m)),
             [n for n in ('weight', 'bias') if n in dir(m[0])])""",
    "walking a tree with sharing": """
        a = nn.Linear(2, 2); m = nn.Sequential(a, nn.Sequential(a, nn.ReLU()), a)
        for dup in (True, False):
            note([n for n, _ in m.named_modules(remove_duplicate=dup)], len(list(m.modules(remove_duplicate=dup))),
                 [n for n, _ in m.named_parameters(remove_duplicate=dup)])
        note([n for n, _ in m.named_children()], len(list(m.children())), [n for n, _ in m.named_modules(prefix='net')],
             [n for n, _ in m.named_parameters(prefix='net',
                 recurse=True)], list(m.state_dict()), list(m.parameters(recurse=False)))""",
    "tied parameters and buffers": """
        m = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2)); m[1].weight = m[0].weight
        m[0].register_buffer('s', x); m[1].register_buffer('s', m[0].s)
        note([n for n, _ in m.named_parameters()], [n for n, _ in m.named_buffers()], len(list(m.buffers())),
             [n for n, _ in m.named_buffers(remove_duplicate=False)], list(m.state_dict()))""",
    "named_members": """
        m = nn.Sequential(nn.Linear(2, 2))
        note([n for n, _ in m._named_members(lambda mod: mod._parameters.items(), prefix='p')])""",
    "generators are lazy": """
        note(refused(lambda: len(nn.Linear(1, 1).parameters()))[0], type(nn.Linear(1, 1).parameters()).__name__)""",
    "get_submodule": """
        m = nn.Sequential(nn.Sequential(nn.Linear(3, 2))); m.n = 3
        note(m.get_submodule('0.0'), m.get_submodule('') is m, m.get_parameter('0.0.weight').shape == (2, 3))
        for bad in ('0.1', 'x', 'n', '0..0', '0.0.weight'): note(refused(lambda: m.get_submodule(bad)))
        for bad in ('0.0.none', '0.0', '0.0.in_features', 'q.weight'): note(refused(lambda: m.get_parameter(bad)))""",
    "get_buffer": """
        m = nn.Sequential(nn.Linear(3, 2)); m[0].register_buffer('b', x)
        note(m.get_buffer('0.b'))
        for bad in ('0.none', '0.weight', 'b', '0.in_features'): note(refused(lambda: m.get_buffer(bad)))""",
    "set_submodule": """
        m = nn.Sequential(nn.Sequential(nn.Linear(3, 2)))
        m.set_submodule('0.0', nn.ReLU()); m.set_submodule('0.new', nn.ReLU())
        m.set_submodule('top', nn.ReLU(), strict=False)
        m[0].n = 3; note(m)
        note(refused(lambda: m.set_submodule('', nn.ReLU())), refused(lambda: m.set_submodule('0', x))[0],
             refused(lambda: m.set_submodule('0.q', nn.ReLU(), strict=True)), refused(lambda: m.set_submodule('0.n',
                 nn.ReLU())),
             refused(lambda: m.set_submodule('q.n', nn.ReLU())))""",
    "register_module": "m = nn.Module(); m.register_module('a', nn.ReLU()); m.register_module('b', None); note(m, m.b)",
    "a parameter of another subclass": """
        m = nn.Module(); m.a = nn.Parameter(nn.Parameter(x)); note(m.a, list(m._parameters))""",
    "train and eval return self and call overrides": """
        class Frozen(nn.Linear):
            def train(self, mode=True): note('train', mode); return super().train(False)
        m = nn.Sequential(Frozen(2, 2), nn.ReLU())
        note(m.train() is m, [c.training for c in m.modules()], m.eval() is m, m.training,
            refused(lambda: m.train(1)))""",
    "apply": """
        m = nn.Sequential(nn.Linear(2, 2), nn.Sequential(nn.ReLU())); order = []
        note(m.apply(lambda c: order.append(type(c).__name__)) is m, order)""",
    "requires_grad_ and zero_grad": """
        m = nn.Linear(3, 2); note(m.requires_grad_(False) is m, m.weight.requires_grad); m.requires_grad_()
        m(x).sum().backward(); g = m.weight.grad; m.zero_grad(set_to_none=False); note(g, m.weight.grad is g)
        m.zero_grad(); note(m.weight.grad)""",
    "casts": """
        m = nn.Linear(3, 2); m.register_buffer('n', L.arange(3)); m.register_buffer('b', x); w = m.weight
        m(x).sum().backward()
        for cast in ('double', 'half', 'bfloat16', 'float', 'cpu'):
            note(getattr(m, cast)() is m, str(m.weight.dtype), str(m.n.dtype), str(m.b.dtype),
                str(m.weight.grad.dtype), m.weight is w)""",
    "to": """
        m = nn.Linear(3, 2); m.register_buffer('n', L.arange(3)); w = m.weight
        for args in ((L.float64,), ('cpu',), ('cpu', L.float32), (L.ones(1).double(),), (L.device('cpu'), L.float16,
            True), (), (None, L.float32)):
            note(m.to(*args) is m, str(m.weight.dtype), str(m.n.dtype), m.weight is w)
        for kwargs in ({'dtype': L.float64}, {'device': 'cpu'}, {'tensor': L.ones(1)}, {'device': 'cpu',
            'dtype': L.float64, 'non_blocking': True}):
            note(m.to(**kwargs) is m, str(m.weight.dtype))
        note(refused(lambda: m.to(L.int64)), refused(lambda: m.to('cpu', 'cpu'))[0],
            refused(lambda: m.to(other=x))[0])""",
    "to complex": "m = nn.Linear(3, 2, bias=False).to(L.complex64); note(str(m.weight.dtype))",
    "to channels_last": """
        m = nn.Sequential(nn.Conv2d(2, 3, 2), nn.Linear(3, 2)).to(memory_format=L.channels_last)
        note(m[0].weight.stride(), m[1].weight.stride(), m[0].weight.is_contiguous(memory_format=L.channels_last))""",
    "type": """
        m = nn.Linear(3, 2); m.register_buffer('n', L.arange(3)); m.type(L.float64); note(str(m.weight.dtype), m.n)
        m.type('torch.FloatTensor'); note(str(m.n.dtype))""",
    "to_empty": """
        m = nn.Linear(3, 2); w = m.weight; m.register_buffer('n', L.arange(3))
        note(m.to_empty(device='cpu') is m, m.weight is w, m.weight.shape == (2, 3), str(m.n.dtype),
            refused(lambda: m.to_empty())[0])
        s = nn.Sequential(nn.Linear(3, 2)); before = s[0].weight.clone()
        note(L.equal(s.to_empty(device='cpu', recurse=False)[0].weight, before))""",
    "_apply": """
        m = nn.Sequential(nn.Linear(3, 2)); m.register_buffer('b', x); w = m[0].weight; order = []
        def double(t): order.append(tuple(t.shape)); return t * 2
        v = w.detach().clone(); m._apply(double); note(order, L.equal(w, v * 2), m[0].weight is w, m.b)
        m._apply(lambda t: t * 0, recurse=False); note(w.abs().sum() > 0, m.b)""",
    "repr": """
        class Net(nn.Module):
            def __init__(self):
                super().__init__(); self.a = nn.Sequential(nn.Linear(2, 3), nn.Sequential()); self.b = nn.ModuleList()
                self.c = None
            def extra_repr(self): return 'one\\ntwo'
        class Named(nn.Linear):
            def _get_name(self): return 'Other'
        class Gap(nn.Module):
            def extra_repr(self): return 'first\\n\\nlast'
        note(Net(), Named(1, 2), nn.Sequential(Gap()), nn.Module(), str(nn.Sequential(Net())))""",
    "deepcopy keeps ties": """
        m = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2)); m[1].weight = m[0].weight; m.twice = m[0]
        n = copy.deepcopy(m); note(n[1].weight is n[0].weight, n.twice is n[0], n[0].weight is m[0].weight, n)
        with L.no_grad(): n[0].weight.fill_(1.)
        note(n[1].weight, m[0].weight)""",
    "deepcopy of a parameter": """
        p = nn.Parameter(x.clone()); p.note = 'kept?'; p.sum().backward(); q = copy.deepcopy(p)
        note(q, q.grad, hasattr(q, 'note'))
        f = copy.deepcopy(nn.Parameter(x, requires_grad=False)); note(f)""",
    "copy is shallow": """
        m = nn.Linear(3, 2); n = copy.copy(m); note(n.weight is m.weight, n, n._parameters is m._parameters)""",
    "pickle": """
        m = nn.Sequential(OrderedDict(a=nn.Linear(3, 2), b=nn.ReLU())); m.a.register_buffer('n', x, persistent=False)
        n = pickle.loads(pickle.dumps(m.eval()))
        note(n, n.training, n(x), n.a.n, list(n.state_dict()), n.a.weight, [n for n, _ in n.named_parameters()])""",
    "pickle keeps ties": """
        m = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2)); m[1].weight = m[0].weight
        n = pickle.loads(pickle.dumps(m))
        note(n[1].weight is n[0].weight)""",
    "an old pickle": """
        m = nn.Linear(3, 2); state = m.__getstate__()
        for k in ('_forward_pre_hooks_with_kwargs', '_non_persistent_buffers_set', '_is_full_backward_hook',
            '_backward_pre_hooks',
                  '_state_dict_pre_hooks', '_load_state_dict_post_hooks',
            '_forward_hooks_always_called', '_state_dict_hooks'): del state[k]
        n = nn.Linear.__new__(nn.Linear); n.__setstate__(state)
        n.register_forward_hook(lambda *a: note('hook'), always_call=True); note(n(x), list(n.state_dict()))""",
    "parameters": """
        p = nn.Parameter(x)
        note(p, nn.Parameter(), nn.Parameter(x, False), repr(p), refused(lambda: nn.Parameter([1.]))[0])
        note(refused(lambda: nn.Parameter(L.arange(3)))[0], nn.Parameter(L.arange(3), requires_grad=False),
            isinstance(p.data, nn.Parameter))
        p.data.add_(1); note(x); note(type(p + 1).__name__, isinstance(x, nn.Parameter), type(p.detach()).__name__)
        with L.no_grad(): note(nn.Parameter(x).requires_grad)
        note(pickle.loads(pickle.dumps(p)), type(pickle.loads(pickle.dumps(p))).__name__)""",
    "replica": """
        m = nn.Linear(3, 2); r = m._replicate_for_data_parallel()
        note(r._parameters, r._is_replica, type(r), len(m._parameters))""",
    "attributes of the class": """
        note(nn.Module.dump_patches, nn.Module._version, nn.Module.call_super_init,
            nn.Module.T_destination.__name__)""",
    "lazy: infer": """
        m = nn.Sequential(nn.LazyLinear(4), nn.ReLU(), nn.LazyLinear(2, bias=False))
        note(m, m.state_dict(), m[0].has_uninitialized_params(), list(m.parameters()))
        L.manual_seed(3)
        note(m(x), m, type(m[0]), m[0].weight, hasattr(m[0], '_initialize_hook'), len(m[0]._forward_pre_hooks))""",
    "lazy: move first": """
        m = nn.LazyLinear(4); note(m.double() is m, m.weight, m.half().weight, m.to('cpu', L.float64).bias)
        note(m(x.double()), refused(lambda: nn.LazyLinear(2).bfloat16())[0],
            refused(lambda: nn.LazyLinear(2).requires_grad_(False))[0])""",
    "lazy: load initialized into lazy": """
        m, n = nn.LazyLinear(4), nn.LazyLinear(4); m(x); note(str(n.load_state_dict(m.state_dict())), n)
        note(n(x), n, refused(lambda: n(L.ones(2, 5)))[0])
        o = nn.LazyLinear(4); o.load_state_dict(m.state_dict()); note(refused(lambda: o(L.ones(2, 5))))""",
    "lazy: load lazy": """
        m, n = nn.LazyLinear(4), nn.LazyLinear(4); note(str(n.load_state_dict(m.state_dict())), n.weight)
        p = nn.Linear(3, 4); note(refused(lambda: p.load_state_dict(m.state_dict()))[0])""",
    "lazy: copies": """
        m = nn.LazyLinear(4); n = copy.deepcopy(m); n(x); note(m, n); o = pickle.loads(pickle.dumps(m)); o(x)
        note(o, m)""",
    "lazy: of one's own": """
        class Own(nn.modules.lazy.LazyModuleMixin, nn.Module):
            def __init__(self):
                super().__init__(); self.w = nn.UninitializedParameter(); self.b = nn.UninitializedBuffer()
            def initialize_parameters(self, a):
                note('init'); self.w.materialize(a.shape); self.b.materialize(a.shape[:1], dtype=L.float64)
                with L.no_grad(): self.w.fill_(2.)
            def forward(self, a): return a * self.w
        m = Own(); m.double(); note(m.w, m.b, list(m.state_dict()))
        note(m(x), m(x), type(m), m.w.shape == x.shape, type(m.b))
        class Lame(Own):
            def initialize_parameters(self, a): pass
        note(refused(lambda: Lame()(x)))
        class Without(nn.modules.lazy.LazyModuleMixin, nn.Linear): pass
        note(refused(lambda: Without(1, 1)(x)))
        note(refused(lambda: m._replicate_for_data_parallel()))""",
    "lazy: uninitialized tensors": """
        for make in (nn.UninitializedParameter, nn.UninitializedBuffer):
            w = make(dtype=L.float64)
            note(w, w.requires_grad, str(w.dtype), str(w.device), w.is_floating_point(), w.is_complex(), w.size())
            for use in (lambda: w + 1, lambda: w.sum(), lambda: w.clone(), lambda: w.numel(), lambda: w[0],
                lambda: len(w)):
                note(refused(use)[0], 'uninitialized parameter' in refused(use)[1])
            note(refused(lambda: w.shape), refused(lambda: w.share_memory_()), repr(w), nn.parameter.is_lazy(w),
                str(w.data.dtype))
            w.materialize((2, 0)); note(w, type(w), nn.parameter.is_lazy(w))""",
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_same_in_both_libraries(name):
    check(PROGRAMS[name])


NOT_HERE = {
    "ipu": "moves to a kind of device that minitorch does not have",
    "xpu": "moves to a kind of device that minitorch does not have",
    "mtia": "moves to a kind of device that minitorch does not have",
}
CLASSES = (
    "Module", "Sequential", "ModuleList", "ModuleDict", "ParameterList", "ParameterDict", "LazyLinear", "Parameter",
    "Buffer", "UninitializedParameter", "UninitializedBuffer",
)  # fmt: skip


def own_methods(cls):
    """The public methods that torch.nn defines for a class (not what every tensor has)."""
    bases = [base for base in cls.__mro__ if base.__module__.startswith("torch.nn.")]
    return sorted({n for base in bases for n, v in vars(base).items() if not n.startswith("_") and callable(v)})


@pytest.mark.parametrize("name", CLASSES)
def test_every_public_method_is_here_with_the_same_signature(name):
    theirs, ours = getattr(torch.nn, name), getattr(mt.nn, name)
    methods = [n for n in own_methods(theirs) if n not in NOT_HERE]
    assert [n for n in methods if not hasattr(ours, n)] == []
    for method in methods:
        if method in ("T_destination", "cls_to_become"):
            continue
        expected, actual = (inspect.signature(getattr(c, method)) for c in (theirs, ours))
        assert shape(actual) == shape(expected), f"{name}.{method}"
    assert shape(inspect.signature(ours)) == shape(inspect.signature(theirs)), name


def shape(signature):
    """Names, kinds and defaults of the parameters."""
    return [(p.name, p.kind, p.default) for p in signature.parameters.values()]


@pytest.mark.parametrize("name", torch.nn.modules.module.__all__)
def test_the_functions_of_the_module_file(name):
    theirs, ours = getattr(torch.nn.modules.module, name), getattr(mt.nn.modules.module, name)
    assert shape(inspect.signature(ours)) == shape(inspect.signature(theirs))


def test_compile_warns_once_and_changes_nothing():
    layer = mt.nn.Linear(2, 2)
    with pytest.warns(UserWarning, match="no compiler") as caught:
        assert layer.compile(mode="default") is None
    assert len(caught) == 1
    assert layer(mt.ones(1, 2)).shape == (1, 2)


def test_share_memory_is_refused_by_name():
    with pytest.raises(NotImplementedError, match="share_memory"):
        mt.nn.Linear(2, 2).share_memory()


def test_a_call_without_hooks_is_one_python_call():
    """Hooks cost nothing where there are none: __call__ goes to forward at once."""
    frames = []

    class Layer(mt.nn.Module):
        def forward(self, input):
            frames.append(inspect.currentframe().f_back.f_code.co_name)
            frames.append(inspect.currentframe().f_back.f_back.f_code.co_name)

    Layer()(1)
    assert frames == ["_call_impl", "test_a_call_without_hooks_is_one_python_call"]
