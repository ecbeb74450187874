"""Sequential, ModuleList, ModuleDict, ParameterList, ParameterDict: everything a list or dict does, as in torch."""

import pytest

import minitorch as mt
from tests.nn.module_lockstep import check

PROGRAMS = {
    "Sequential: constructors": """
        note(nn.Sequential(), nn.Sequential(nn.Linear(3, 2), nn.ReLU()), nn.Sequential(OrderedDict(a=nn.ReLU(),
            b=nn.Identity())))
        note(refused(lambda: nn.Sequential(3)), refused(lambda: nn.Sequential([nn.ReLU()])),
            refused(lambda: nn.Sequential({'a': nn.ReLU()})),
             refused(lambda: nn.Sequential(OrderedDict({'a.b': nn.ReLU()}))), nn.Sequential(None))""",
    "Sequential: forward": """
        note(nn.Sequential(nn.Linear(3, 2), nn.ReLU())(x), nn.Sequential()(x), refused(lambda: nn.Sequential()(x,
            x))[0])""",
    "Sequential: index": """
        m = nn.Sequential(OrderedDict(a=nn.ReLU(), b=nn.Identity(), c=nn.Flatten()))
        note(m[0], m[-1], m[1:], m[::2], m[5:], m[L.tensor(1)], len(m), list(m), m.b)
        for bad in (3, -4, 'a', 1.0): note(refused(lambda: m[bad]))""",
    "Sequential: set and delete": """
        m = nn.Sequential(nn.ReLU(), nn.Identity(), nn.Flatten(), nn.Linear(1, 1))
        m[1] = nn.Linear(2, 2); m[-1] = nn.ReLU(); note(m); del m[0]; note(m); del m[-2:]; note(m)
        note(refused(lambda: m.__setitem__(7, nn.ReLU())), refused(lambda: m.__setitem__(0, 3))[0],
            refused(lambda: m.__delitem__(9)))
        n = nn.Sequential(OrderedDict(a=nn.ReLU(), b=nn.Identity())); n[0] = nn.Flatten(); note(n); del n[0]
        note(n)""",
    "Sequential: append, insert, extend, pop": """
        m = nn.Sequential()
        note(m.append(nn.ReLU()) is m, m.insert(0, nn.Identity()) is m, m.insert(-1, nn.Flatten()) is m)
        note(m.extend([nn.ReLU()]) is m, m, m.pop(0), m.pop(-1), m, m.pop(slice(0, 1)), m)
        for bad in (lambda: m.insert(9, nn.ReLU()), lambda: m.insert(0, 3), lambda: m.append(3), lambda: m.pop(5),
            lambda: m.extend(3)):
            note(refused(bad)[0])
        note(refused(lambda: m.insert(9, nn.ReLU())))""",
    "Sequential: arithmetic": """
        a, b = nn.Sequential(nn.ReLU(), nn.Linear(2, 2)), nn.Sequential(nn.Identity())
        note(a + b, a * 2, 2 * b, (a * 2)[1] is (a * 2)[3], len(list((a * 3).parameters())))
        c = a; c += b; note(c is a, a); c *= 2; note(c is a, a, len(a))
        for bad in (lambda: a + [nn.ReLU()], lambda: a.__iadd__([1]), lambda: a * 'x', lambda: a * 0,
            lambda: a.__imul__(1.5), lambda: a.__imul__(-1)):
            note(refused(bad))""",
    "Sequential: dir": "m = nn.Sequential(nn.ReLU()); m.a = nn.ReLU(); note('0' in dir(m), 'a' in dir(m))",
    "Sequential: a subclass's slice": """
        class Mine(nn.Sequential):
            def extra_repr(self): return 'mine'
        note(type(Mine(nn.ReLU(), nn.ReLU())[:1]), Mine(nn.ReLU(), nn.ReLU())[1:])""",
    "ModuleList: constructors": """
        note(nn.ModuleList(), nn.ModuleList([nn.ReLU(), nn.Linear(1, 2)]), nn.ModuleList(nn.ReLU() for _ in range(2)),
            nn.ModuleList(nn.Sequential(nn.ReLU())))
        note(refused(lambda: nn.ModuleList(3)), refused(lambda: nn.ModuleList([3])),
            refused(lambda: nn.ModuleList([nn.ReLU()])(x)))""",
    "ModuleList: index": """
        m = nn.ModuleList([nn.ReLU(), nn.Identity(), nn.Flatten()])
        note(m[0], m[-1], m[1:], m[::-1], m[L.tensor(1)], len(m), list(m), m[1] in m)
        for bad in (3, -4, '0', 1.0): note(refused(lambda: m[bad]))""",
    "ModuleList: change": """
        m = nn.ModuleList([nn.ReLU()])
        note(m.append(nn.Flatten()) is m, m.extend([nn.Identity(), nn.ReLU()]) is m, m.insert(1, nn.Linear(1, 1)), m)
        m[0] = nn.Identity(); m[-1] = nn.Flatten(); note(m, m.pop(1), m.pop(-1), m); del m[0]; note(m); del m[:]
        note(m, len(m))
        note(refused(lambda: m.extend(3)), refused(lambda: m.append(3)), refused(lambda: m.pop(0))[0])""",
    "ModuleList: add": """
        m = nn.ModuleList([nn.ReLU()]); n = m; n += [nn.Identity()]
        note(n is m, m + [nn.Flatten()], m + nn.ModuleList([nn.ReLU()]), refused(lambda: m + 3)[0])""",
    "ModuleList: repr folds neighbors": """
        blocks = [nn.Sequential(nn.Linear(2, 2), nn.ReLU()) for _ in range(3)]
        note(nn.ModuleList([nn.Linear(2, 2) for _ in range(3)] + [nn.ReLU()] + blocks + [nn.ReLU(), nn.ReLU(),
            nn.Linear(2, 2)]),
             nn.Sequential(nn.ModuleList(blocks), nn.ModuleList()))""",
    "ModuleList: parameters and state": """
        m = nn.ModuleList([nn.Linear(2, 1), nn.ReLU(), nn.Linear(1, 1)]); note(list(m.state_dict()), '0' in dir(m))
        del m[1]; note(list(m.state_dict()))""",
    "ModuleDict": """
        m = nn.ModuleDict({'b': nn.ReLU(), 'a': nn.Linear(1, 2)})
        note(m, list(m), m['b'], len(m), 'a' in m, 'q' in m, list(m.keys()), [k for k, _ in m.items()],
            list(m.values()))
        m['c'] = nn.Identity(); m['b'] = nn.Flatten(); note(m, m.pop('b'), m); del m['a']; note(m); m.clear()
        note(m, len(m))
        note(refused(lambda: m['q']), refused(lambda: m.pop('q')), refused(lambda: m.__setitem__('a.b', nn.ReLU())),
             refused(lambda: m.__setitem__('keys', nn.ReLU())), refused(lambda: m.__setitem__(3,
                 nn.ReLU())), refused(lambda: m.__setitem__('a', 3)), refused(lambda: m(x)))""",
    "ModuleDict: update": """
        m = nn.ModuleDict([['a', nn.ReLU()], ('b', nn.Identity())]); m.update(nn.ModuleDict({'b': nn.Flatten()}))
        m.update(OrderedDict(c=nn.ReLU())); note(m)
        note(refused(lambda: m.update(3)), refused(lambda: m.update([3]))[0], refused(lambda: m.update([('a',
            nn.ReLU(), 1)])), list(m.state_dict()))
        m.update({}); note(m)""",
    "ParameterList": """
        p = nn.ParameterList([nn.Parameter(x), x + 1, 'other'])
        note(p, len(p), list(p), p[0], p[-1], p[1:], p[L.tensor(1)], list(p.state_dict()), [n for n,
            _ in p.named_parameters()])
        p[1] = x * 2; p[2] = x
        note(p.append(L.ones(())) is p, p.extend([L.ones(2, 0)]) is p, p, isinstance(p[1], nn.Parameter), '0' in dir(p))
        p += [nn.Parameter(x, requires_grad=False)]; note(p, len(list(p.parameters())))
        for bad in (lambda: p[9], lambda: p[-9], lambda: p['0'], lambda: p.extend(3), lambda: p.extend(x),
            lambda: p(x), lambda: nn.ParameterList(x), lambda: p.__setitem__(9, x)):
            note(refused(bad))
        note(nn.ParameterList(), nn.ParameterList(nn.ParameterList([x])))""",
    "ParameterList: kinds of members": """
        p = nn.ParameterList([L.ones(1, dtype=L.float64), 3, None, nn.ReLU()]); note(p, p[1], p[2], list(p._modules))
        note(refused(lambda: nn.ParameterList([L.arange(3)]))[0])""",
    "ParameterDict": """
        d = nn.ParameterDict({'b': nn.Parameter(x), 'a': x + 1})
        note(d, list(d), len(d), 'a' in d, 'q' in d, list(d.keys()), list(d.items()), list(d.values()),
            list(d.state_dict()))
        d['c'] = L.ones(2); d['o'] = 'other'
        note(d, list(reversed(d)), d.get('q'), d.get('q', 5), d.get('c'), d.pop('c'), d.popitem(), d)
        note(d.setdefault('n', x), d.setdefault('n', 3), d.setdefault('e'), d.c if 'c' in d else 'gone'); del d['n']
        note(d); d.clear(); note(d, len(d), list(d.parameters()))
        for bad in (lambda: d['q'], lambda: d.pop('q'), lambda: d.popitem(), lambda: d(x), lambda: d.update(3),
            lambda: d.update([('a', 1, 2)])):
            note(refused(bad)[0])
        note(refused(lambda: d.update(3))[0], refused(lambda: d(x)), refused(lambda: d[3])[0])""",
    "ParameterDict: order and update": """
        d = nn.ParameterDict({'b': x, 'a': x}); d.update({'d': x, 'c': x}); note(list(d))
        d.update(OrderedDict([('z', x), ('y', x)])); d.update([('k', x), ['j', x]]); note(list(d))
        d.update(nn.ParameterDict([('q', x), ('p', x)])); note(list(d), list(d.state_dict()))""",
    "ParameterDict: copy, fromkeys, |": """
        d, e = nn.ParameterDict({'a': x, 'b': x}), nn.ParameterDict({'b': x + 1, 'c': x}); c = d.copy()
        note(c, c['a'] is d['a'], type(c))
        note(d | e, (d | e)['b'], e | d, d.__ror__(e)); f = d; f |= e; note(f is d, d, d['b'])
        note(nn.ParameterDict().fromkeys(['u', 'v'], x), nn.ParameterDict().fromkeys('uv'))""",
    "containers in each other": """
        m = nn.ModuleDict({'l': nn.ModuleList([nn.Linear(1, 1), nn.Linear(1, 1)]), 'p': nn.ParameterList([x]),
            'd': nn.ParameterDict({'k': x}), 's': nn.Sequential(nn.ReLU())})
        note(m, list(m.state_dict()), copy.deepcopy(m), pickle.loads(pickle.dumps(m)), len(list(m.parameters())))
        note(pickle.loads(pickle.dumps(m))['p'][0], copy.deepcopy(m)['d']['k'], str(m.double()['p']))""",
    "hooks of appended modules": """
        h = nn.modules.module.register_module_module_registration_hook(lambda m, n, s: note(n, s))
        nn.Sequential(nn.ReLU()).append(nn.Identity()); nn.ModuleList([nn.ReLU()]); h.remove()""",
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_same_in_both_libraries(name):
    check(PROGRAMS[name])


def test_insert_counts_from_the_end_and_refuses_what_is_outside():
    """torch's ModuleList.insert(-1, m) shifts the modules and then raises KeyError, and insert(9, m) leaves a gap."""
    modules = mt.nn.ModuleList([mt.nn.ReLU(), mt.nn.ReLU()])
    modules.insert(-1, mt.nn.Identity())
    assert [type(m).__name__ for m in modules] == ["ReLU", "Identity", "ReLU"]
    with pytest.raises(IndexError, match="Index out of range: 9"):
        modules.insert(9, mt.nn.ReLU())
    assert list(modules._modules) == ["0", "1", "2"]
