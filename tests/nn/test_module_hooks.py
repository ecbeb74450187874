"""Hooks of modules: what they get, what they may change, and in which order they are called, as in torch."""

import pytest

from tests.nn.module_lockstep import check

PROGRAMS = {
    "forward hook sees and replaces": """
        m = nn.Linear(3, 2)
        m.register_forward_hook(lambda mod, args, out: note(type(mod).__name__, args, out))
        h = m.register_forward_hook(lambda mod, args, out: out * 2)
        note(m(x)); h.remove(); note(m(x))""",
    "forward pre-hook: tuple, single value, none": """
        m = nn.Linear(3, 2)
        for new in ((x + 1,), x * 2, None):
            h = m.register_forward_pre_hook(lambda mod, args: new)
            note(m(x)); h.remove()""",
    "order with prepend and global hooks": """
        M = nn.modules.module
        m = nn.Identity()
        said = []
        def say(word): return lambda *a: said.append(word)
        hs = [M.register_module_forward_hook(say('global')), M.register_module_forward_pre_hook(say('global pre'))]
        m.register_forward_hook(say('a')); m.register_forward_hook(say('b'), prepend=True)
        m.register_forward_pre_hook(say('pre a')); m.register_forward_pre_hook(say('pre b'), prepend=True)
        m(x)
        for h in hs: h.remove()
        m(x); note(said)""",
    "with_kwargs": """
        class Net(nn.Module):
            def forward(self, a, *, scale=1): return a * scale
        m = Net()
        m.register_forward_pre_hook(lambda mod, a, k: (a, {'scale': k['scale'] + 1}), with_kwargs=True)
        m.register_forward_hook(lambda mod, a, k, out: note(a, k), with_kwargs=True)
        note(m(x, scale=2))""",
    "with_kwargs must give a pair": """
        m = nn.Identity()
        m.register_forward_pre_hook(lambda mod, a, k: 3, with_kwargs=True)
        note(refused(lambda: m(x)))""",
    "always_call": """
        class Net(nn.Module):
            def forward(self, a): raise KeyError('no')
        m = Net(); said = []
        m.register_forward_hook(lambda mod, a, out: said.append(('never', out)))
        m.register_forward_hook(lambda mod, a, out: said.append(('own', out)), always_call=True)
        m.register_forward_hook(lambda mod, a, k, out: said.append(('kwargs', out)), always_call=True, with_kwargs=True)
        h = nn.modules.module.register_module_forward_hook(lambda *a: said.append('global'), always_call=True)
        note(refused(lambda: m(x))); h.remove(); note(refused(lambda: m(x)), said)""",
    "always_call once, if a later hook raises": """
        m = nn.Identity(); said = []
        def bad(mod, a, out): said.append('bad'); raise ValueError('hook')
        m.register_forward_hook(lambda mod, a, out: said.append('first'), always_call=True)
        m.register_forward_hook(bad)
        m.register_forward_hook(lambda mod, a, out: said.append('last'), always_call=True)
        note(refused(lambda: m(x)), said)""",
    "always_call hook that raises itself": """
        class Net(nn.Module):
            def forward(self, a): raise KeyError('no')
        m = Net()
        def bad(mod, a, out): raise ValueError('hook')
        m.register_forward_hook(bad, always_call=True)
        note(refused(lambda: m(x)))""",
    "handle is a context manager": """
        m = nn.Identity()
        with m.register_forward_hook(lambda mod, a, out: out + 1):
            note(m(x))
        note(m(x), len(m._forward_hooks))""",
    "removing twice": """
        m = nn.Identity(); h = m.register_forward_hook(lambda *a: None, with_kwargs=True, always_call=True)
        note(len(m._forward_hooks_with_kwargs), len(m._forward_hooks_always_called))
        h.remove(); h.remove()
        note(len(m._forward_hooks), len(m._forward_hooks_with_kwargs), len(m._forward_hooks_always_called))""",
    "hooks of children": """
        m = nn.Sequential(nn.Linear(3, 2), nn.ReLU()); names = {mod: n for n, mod in m.named_modules()}
        said = []
        for mod in m.modules(): mod.register_forward_hook(lambda mod, a, out: said.append(names[mod]))
        m(x); note(said)""",
    "full backward hook": """
        m = nn.Linear(3, 2); a = x.clone().requires_grad_()
        m.register_full_backward_hook(lambda mod, gi, go: note('hook', gi, go))
        (m(a) * L.tensor([1., 3.])).sum().backward(); note(a.grad, m.weight.grad, m.bias.grad)""",
    "full backward hook replaces grad_input": """
        m = nn.Linear(3, 2); a = x.clone().requires_grad_()
        m.register_full_backward_hook(lambda mod, gi, go: (gi[0] * 10,))
        m.register_full_backward_hook(lambda mod, gi, go: note(gi))
        m(a).sum().backward(); note(a.grad, m.weight.grad)""",
    "full backward pre-hook replaces grad_output": """
        m = nn.Linear(3, 2); a = x.clone().requires_grad_()
        m.register_full_backward_pre_hook(lambda mod, go: (go[0] * 10,))
        m.register_full_backward_pre_hook(lambda mod, go: note('first', go), prepend=True)
        m.register_full_backward_hook(lambda mod, gi, go: note('post', gi, go))
        m(a).sum().backward(); note(a.grad, m.weight.grad)""",
    "full backward hooks, order": """
        said = []; M = nn.modules.module
        m = nn.Sequential(nn.Linear(3, 2), nn.Identity()); a = x.clone().requires_grad_()
        for n, mod in m.named_modules():
            mod.register_full_backward_hook(lambda mod, gi, go, n=n: said.append(n))
            mod.register_full_backward_hook(lambda mod, gi, go, n=n: said.append(n + ' first'), prepend=True)
            mod.register_full_backward_pre_hook(lambda mod, go, n=n: said.append(n + ' pre'))
        hs = [M.register_module_full_backward_hook(lambda *a: said.append('global')),
              M.register_module_full_backward_pre_hook(lambda *a: said.append('global pre'))]
        m(a).sum().backward(); note(said)
        for h in hs: h.remove()
        source = __import__(M.register_module_full_backward_hook.__module__, fromlist=['x'])
        source._global_is_full_backward_hook = None""",
    "several inputs and outputs": """
        class Net(nn.Module):
            def forward(self, a, n, b, c): return a * b, n, c + a, b
        m = Net(); a, b = x.clone().requires_grad_(), (x + 1).requires_grad_()
        m.register_full_backward_hook(lambda mod, gi, go: note(gi, go))
        p, n, q, r = m(a, 5, b, x)
        note(n, p.requires_grad, q.requires_grad); (p * q).sum().backward(); note(a.grad, b.grad)""",
    "output that takes no part": """
        class Net(nn.Module):
            def forward(self, a): return a * 2, a * 3
        m = Net(); a = x.clone().requires_grad_()
        m.register_full_backward_hook(lambda mod, gi, go: note(gi, go))
        m(a)[0].sum().backward(); note(a.grad)""",
    "no input requires grad": """
        m = nn.Linear(3, 2)
        m.register_full_backward_hook(lambda mod, gi, go: note('fired', gi, go))
        m(x).sum().backward(); note(m.weight.grad)""",
    "no input requires grad, hook gives a gradient": """
        m = nn.Linear(3, 2)
        m.register_full_backward_hook(lambda mod, gi, go: (x,))
        note(refused(lambda: m(x).sum().backward()))""",
    "wrong number of gradients": """
        m = nn.Linear(3, 2); a = x.clone().requires_grad_()
        h = m.register_full_backward_hook(lambda mod, gi, go: (x, x))
        note(refused(lambda: m(a).sum().backward())); h.remove()
        m.register_full_backward_pre_hook(lambda mod, go: ())
        note(refused(lambda: m(a).sum().backward()))""",
    "keyword arguments have no gradient in the hook": """
        class Net(nn.Module):
            def forward(self, a, b): return a * b
        m = Net(); a, b = x.clone().requires_grad_(), (x + 1).requires_grad_()
        m.register_full_backward_hook(lambda mod, gi, go: note(gi, go))
        m(a, b=b).sum().backward(); note(b.grad)""",
    "output that is no tensor": """
        class Net(nn.Module):
            def forward(self, a): return {'out': a * 2}
        m = Net(); a = x.clone().requires_grad_()
        m.register_full_backward_hook(lambda mod, gi, go: note('never'))
        m(a)['out'].sum().backward(); note(a.grad)""",
    "under no_grad": """
        m = nn.Linear(3, 2); m.register_full_backward_hook(lambda mod, gi, go: note('never'))
        with L.no_grad(): note(m(x).requires_grad)""",
    "in-place on the output of a hooked module": """
        m = nn.Linear(3, 2); m.register_full_backward_hook(lambda mod, gi, go: None)
        note(refused(lambda: m(x.clone().requires_grad_()).add_(1))[0])""",
    "backward twice through a module": """
        m = nn.Linear(3, 2); a = x.clone().requires_grad_(); seen = []
        m.register_full_backward_hook(lambda mod, gi, go: seen.append(gi[0]))
        y = m(a).pow(2).sum(); g, = L.autograd.grad(y, a, create_graph=True)
        g.sum().backward(); note(g, len(seen), m.weight.grad)""",
    "full and legacy don't mix": """
        m = nn.Identity(); m.register_full_backward_hook(lambda *a: None)
        note(refused(lambda: m.register_backward_hook(lambda *a: None)))
        m = nn.Identity(); m.register_backward_hook(lambda *a: None)
        note(refused(lambda: m.register_full_backward_hook(lambda *a: None)))""",
    "legacy hook on one node": """
        class Net(nn.Module):
            def forward(self, a): return a * 2
        m = Net(); a = x.clone().requires_grad_()
        m.register_backward_hook(lambda mod, gi, go: note(type(mod).__name__, gi[0], go))
        m(a).sum().backward(); note(a.grad)""",
    "legacy hook replaces": """
        m = nn.ReLU(); a = (x - 2).requires_grad_()
        m.register_backward_hook(lambda mod, gi, go: (gi[0] * 5,))
        m(a).sum().backward(); note(a.grad)""",
    "legacy hook warns of several nodes": """
        class Net(nn.Module):
            def forward(self, a): return (a * 2).exp()
        m = Net(); m.register_backward_hook(lambda mod, gi, go: None)
        note(m(x.clone().requires_grad_()).shape[0])""",
    "legacy hook warns of other outputs": """
        class Net(nn.Module):
            def forward(self, a): return {'y': a * 2}
        m = Net(); m.register_backward_hook(lambda mod, gi, go: None)
        note(m(x.clone().requires_grad_())['y'].shape[0])""",
    "legacy hook warns of two outputs": """
        class Net(nn.Module):
            def forward(self, a): return a * 2, a * 3
        m = Net(); m.register_backward_hook(lambda mod, gi, go: None)
        note(m(x.clone().requires_grad_())[0].shape[0])""",
    "legacy hook, list of inputs": """
        class Net(nn.Module):
            def forward(self, a): return a[0] * 2
        m = Net(); m.register_backward_hook(lambda mod, gi, go: None)
        note(m([x.clone().requires_grad_()]).shape[0])""",
    "global full and legacy don't mix": """
        M = nn.modules.module
        source = __import__(M.register_module_full_backward_hook.__module__, fromlist=['x'])
        h = M.register_module_full_backward_hook(lambda *a: None)
        note(refused(lambda: M.register_module_backward_hook(lambda *a: None)))
        h.remove(); source._global_is_full_backward_hook = None
        h = M.register_module_backward_hook(lambda *a: None)
        note(refused(lambda: M.register_module_full_backward_hook(lambda *a: None)))
        h.remove(); source._global_is_full_backward_hook = None""",
    "registration hooks": """
        M = nn.modules.module; said = []
        hs = [M.register_module_parameter_registration_hook(lambda m, n, p: said.append((n, tuple(p.shape)))),
              M.register_module_buffer_registration_hook(lambda m, n, b: b + 1),
              M.register_module_module_registration_hook(lambda m, n, s: nn.Identity())]
        m = nn.Module(); m.w = nn.Parameter(x); m.register_buffer('b', x.clone()); m.c = nn.ReLU()
        m.add_module('d', nn.ReLU())
        for h in hs: h.remove()
        m.e = nn.ReLU(); note(said, m.b, m)""",
    "hooks survive deepcopy": """
        m = nn.Identity()
        def hook(mod, a, out): return out + 1
        h = m.register_forward_hook(hook); n = copy.deepcopy(m); h.remove()
        note(m(x), n(x), len(n._forward_hooks))""",
    "state_dict pre-hook": """
        m = nn.Sequential(nn.Linear(3, 2))
        m[0].register_state_dict_pre_hook(lambda mod, prefix, keep: note(type(mod).__name__, prefix, keep))
        note(list(m.state_dict(keep_vars=True)))""",
    "state_dict post-hooks": """
        m = nn.Sequential(nn.Linear(3, 2))
        def drop(mod, state, prefix, meta): note(prefix, meta); del state[prefix + 'bias']
        m[0].register_state_dict_post_hook(drop); note(list(m.state_dict()))
        m.register_state_dict_post_hook(lambda *a: 3); note(refused(m.state_dict))""",
    "private state_dict hook may replace": """
        m = nn.Linear(3, 2); m._register_state_dict_hook(lambda mod, s, p, meta: OrderedDict(a=1))
        note(dict(m.state_dict()))
        def hook(*a): return None
        m.register_state_dict_post_hook(hook); note(refused(lambda: m._register_state_dict_hook(hook)))""",
    "load_state_dict pre-hook": """
        m = nn.Sequential(nn.Linear(3, 2))
        def rename(mod, state, prefix, meta, strict, missing, unexpected, errors):
            note(type(mod).__name__, prefix, strict, list(state))
            state[prefix + 'weight'] = state.pop(prefix + 'w')
        m[0].register_load_state_dict_pre_hook(rename)
        note(str(m.load_state_dict({'0.w': L.ones(2, 3), '0.bias': L.zeros(2)})), m[0].weight)""",
    "private load_state_dict pre-hook": """
        m = nn.Linear(3, 2)
        h = m._register_load_state_dict_pre_hook(lambda state, *rest: note(list(state), *rest[:1], rest[2:]))
        note(refused(lambda: m.load_state_dict({'weight': L.ones(2, 3)})))
        h.remove()
        m._register_load_state_dict_pre_hook(lambda mod, *rest: note(type(mod).__name__), with_module=True)
        note(refused(lambda: m.load_state_dict({'weight': L.ones(2, 3)})))""",
    "load_state_dict post-hook": """
        m = nn.Sequential(nn.Linear(3, 2), nn.Linear(2, 1))
        m[0].register_load_state_dict_post_hook(lambda mod, keys: note(keys.missing_keys, keys.unexpected_keys))
        m.register_load_state_dict_post_hook(lambda mod, keys: keys.missing_keys.clear())
        note(str(m.load_state_dict({})))
        m.register_load_state_dict_post_hook(lambda mod, keys: 3); note(refused(lambda: m.load_state_dict({})))""",
    "hook of a dead module": """
        import gc
        m = nn.Linear(3, 2); m.register_load_state_dict_pre_hook(lambda *a: None)
        hook, = m._load_state_dict_pre_hooks.values(); del m; gc.collect()
        note(refused(lambda: hook()))""",
    "calling by other names": """
        m = nn.Linear(3, 2); m.register_forward_hook(lambda *a: note('hook'))
        note(m._call_impl(x), m._wrapped_call_impl(x), m.__call__(x))""",
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_same_in_both_libraries(name):
    check(PROGRAMS[name])


def test_the_lockstep_itself_sees_a_difference():
    for name, old, new in (
        ("full backward hook replaces grad_input", "* 10", "* 11"),
        ("hook of a dead module", "del m;", "pass;"),
        ("load_state_dict post-hook", ".clear()", ".copy()"),
    ):
        with pytest.raises(AssertionError):
            check(PROGRAMS[name], rewrite=lambda source, old=old, new=new: source.replace(old, new))
