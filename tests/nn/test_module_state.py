"""state_dict and load_state_dict: keys, metadata, what is reported and what is overridden, as in torch."""

import copy
import io

import pytest
import torch

import minitorch as mt
from tests.nn.module_lockstep import check

PROGRAMS = {
    "keys, values and aliasing": """
        m = nn.Sequential(OrderedDict(a=nn.Linear(3, 2), b=nn.Sequential(nn.ReLU(), nn.Linear(2, 1, bias=False))))
        s = m.state_dict(); note(s, type(s).__name__, s['a.weight'].requires_grad)
        with L.no_grad(): m.a.weight.zero_()
        note(s['a.weight'], m.state_dict(keep_vars=True)['a.weight'] is m.a.weight)""",
    "metadata": """
        class Net(nn.Linear): _version = 7
        m = nn.Sequential(Net(3, 2), nn.ReLU()); s = m.state_dict()
        note({k: dict(v) for k, v in s._metadata.items()})
        note({k: dict(v) for k, v in m.state_dict(prefix='p.')._metadata.items()})""",
    "destination and prefix": """
        m = nn.Linear(3, 2); d = {}; note(m.state_dict(destination=d, prefix='net.') is d, list(d))
        d = OrderedDict(old=1); note(list(m.state_dict(destination=d)))""",
    "positional arguments": """
        m = nn.Linear(3, 2); d = OrderedDict(); m.state_dict(d, 'p.', True)
        note(list(d), d['p.weight'] is m.weight)""",
    "non-persistent and None": """
        m = nn.Linear(3, 2, bias=False); m.register_buffer('a', x); m.register_buffer('b', x, persistent=False)
        m.register_buffer('c', None); note(list(m.state_dict())); note(str(m.load_state_dict(m.state_dict())))""",
    "load": """
        m, n = nn.Linear(3, 2), nn.Linear(3, 2); w = n.weight; r = n.load_state_dict(m.state_dict())
        note(repr(r), str(r), r.missing_keys, r.unexpected_keys, n.weight is w, n.weight, n.weight.requires_grad)""",
    "load casts": """
        m = nn.Linear(3, 2); m.load_state_dict({'weight': L.ones(2, 3).double(), 'bias': L.arange(2)})
        note(m.weight, m.bias)""",
    "strict errors": """
        m = nn.Sequential(nn.Linear(3, 2), nn.Linear(2, 1)); s = m.state_dict()
        del s['0.bias']; s['1.extra'] = x; s['2.weight'] = x; s['other'] = x; s['1.weight'] = L.ones(3, 3)
        note(refused(lambda: m.load_state_dict(s)), refused(lambda: m.load_state_dict(s, strict=False)))
        del s['1.weight']; r = m.load_state_dict(s, strict=False); note(r.missing_keys, r.unexpected_keys, repr(r))""",
    "wrong kinds": """
        m = nn.Linear(3, 2)
        note(refused(lambda: m.load_state_dict([1])), refused(lambda: m.load_state_dict({'weight': 3,
            'bias': L.ones(2)})),
             refused(lambda: m.load_state_dict({'weight': 'w', 'bias': None})))""",
    "any mapping": """
        import types
        m = nn.Linear(3, 2)
        note(str(m.load_state_dict(types.MappingProxyType({'weight': L.ones(2, 3), 'bias': L.ones(2)}))), m.weight)""",
    "the given dict stays as it was": """
        m = nn.Linear(3, 2); s = {'weight': L.ones(2, 3), 'bias': L.ones(2)}
        m._register_load_state_dict_pre_hook(lambda state, *rest: state.pop('bias'))
        note(refused(lambda: m.load_state_dict(s)), list(s))""",
    "scalars": """
        m = nn.Module(); m.s = nn.Parameter(L.tensor(1.)); note(str(m.load_state_dict({'s': L.tensor([5.])})), m.s)
        note(refused(lambda: m.load_state_dict({'s': L.tensor([5., 6.])})))""",
    "assign": """
        m = nn.Linear(3, 2); m.register_buffer('n', x); m.bias.requires_grad_(False)
        s = {'weight': L.ones(2, 3).double(), 'bias': nn.Parameter(L.ones(2)), 'n': L.arange(6).reshape(2, 3)}
        r = m.load_state_dict(s, assign=True)
        note(str(r), m.weight, m.bias, m.n, m.bias is s['bias'], m.n is s['n'], m.weight is s['weight'],
            isinstance(m.weight, nn.Parameter))
        s['weight'].zero_(); note(m.weight)""",
    "assign, wrong size": """
        m = nn.Linear(3, 2)
        note(refused(lambda: m.load_state_dict({'weight': L.ones(3, 3), 'bias': L.ones(2)}, assign=True)))""",
    "assign to children and ties": """
        m = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2)); m[1].weight = m[0].weight
        m.load_state_dict(m.state_dict(), assign=True)
        note(m[1].weight is m[0].weight, [n for n, _ in m.named_parameters()])""",
    "shared modules load once by each name": """
        a = nn.Linear(2, 2); m = nn.Sequential(a, a); note(list(m.state_dict()), str(m.load_state_dict(m.state_dict())))
        s = m.state_dict(); del s['1.bias']; note(refused(lambda: m.load_state_dict(s)))""",
    "extra state": """
        class Net(nn.Linear):
            def get_extra_state(self): return {'step': 3}
            def set_extra_state(self, state): note('got', state)
        m = nn.Sequential(Net(3, 2)); s = m.state_dict(); note(list(s), s['0._extra_state'], str(m.load_state_dict(s)))
        del s['0._extra_state']; note(refused(lambda: m.load_state_dict(s)), repr(m.load_state_dict(s, strict=False)))
        note(refused(lambda: nn.Sequential(nn.Linear(3, 2)).load_state_dict(m.state_dict())))""",
    "_load_from_state_dict overridden": """
        class Net(nn.Linear):
            _version = 2
            def _load_from_state_dict(self, state_dict, prefix, local_metadata, *rest):
                note(prefix, local_metadata.get('version'), local_metadata, list(state_dict))
                if local_metadata.get('version', 1) < 2 and prefix + 'w' in state_dict:
                    state_dict[prefix + 'weight'] = state_dict.pop(prefix + 'w')
                super()._load_from_state_dict(state_dict, prefix, local_metadata, *rest)
        m = nn.Sequential(Net(3, 2)); note(str(m.load_state_dict(m.state_dict())))
        note(str(m.load_state_dict({'0.w': L.ones(2, 3), '0.bias': L.ones(2)})), m[0].weight)
        note(str(m.load_state_dict({'0.w': L.ones(2, 3), '0.bias': L.ones(2)}, assign=True)))""",
    "_save_to_state_dict overridden": """
        class Net(nn.Linear):
            def _save_to_state_dict(self, destination, prefix, keep_vars):
                super()._save_to_state_dict(destination, prefix, keep_vars); destination[prefix + 'more'] = x
                note(prefix, keep_vars)
        m = nn.Sequential(Net(3, 2)); note(list(m.state_dict()), refused(lambda: m.load_state_dict(m.state_dict())))""",
    "state_dict overridden": """
        class Net(nn.Linear):
            def state_dict(self, *args, **kwargs): note(sorted(kwargs),
                kwargs['prefix']); return super().state_dict(*args, **kwargs)
        note(list(nn.Sequential(Net(3, 2)).state_dict()))""",
    "errors leave what could be loaded": """
        m = nn.Linear(3, 2)
        note(refused(lambda: m.load_state_dict({'weight': L.ones(2, 3), 'bias': L.ones(3)}))[0], m.weight)""",
    "an error while copying": """
        m = nn.Linear(3, 2); m.register_buffer('b', L.ones(1).expand(4))
        told = refused(lambda: m.load_state_dict({**m.state_dict(), 'b': L.arange(4.)}))
        note(told[0], told[1][:180])""",
    "gradients do not flow": """
        m = nn.Linear(3, 2); s = {'weight': L.ones(2, 3, requires_grad=True) * 2, 'bias': L.ones(2)}
        m.load_state_dict(s); note(m.weight.is_leaf, m.weight)""",
    "deepcopy of a state_dict": """
        m = nn.Linear(3, 2); s = copy.deepcopy(m.state_dict()); note(s); m.load_state_dict(s)
        note(dict(s._metadata))""",
    "pickle of a state_dict": """
        s = pickle.loads(pickle.dumps(nn.Linear(3, 2).state_dict())); note(s, dict(s._metadata))""",
    "names with prefix of each other": """
        m = nn.Module(); m.a = nn.Linear(1, 1); m.ab = nn.Linear(1, 1); s = m.state_dict(); s['abc.weight'] = x
        s['a.b.c'] = x
        note(refused(lambda: m.load_state_dict(s)))""",
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_same_in_both_libraries(name):
    check(PROGRAMS[name])


def test_states_cross_the_libraries():
    ours, theirs = (L.nn.Sequential(L.nn.Linear(3, 2), L.nn.ReLU(), L.nn.Linear(2, 1)) for L in (mt, torch))
    ours.load_state_dict({k: mt.from_numpy(t.numpy().copy()) for k, t in theirs.state_dict().items()})
    again = copy.deepcopy(theirs)
    again.load_state_dict({k: torch.from_numpy(t.numpy() + 0) for k, t in ours.state_dict().items()})
    for key, t in theirs.state_dict().items():
        assert torch.equal(again.state_dict()[key], t)
    assert io.StringIO(repr(ours)).getvalue() == repr(theirs)
