"""Containers behave and print as PyTorch's."""

from __future__ import annotations

from collections import OrderedDict

from twice import attempt, same


def test_sequential():
    def program(torch):
        nn = torch.nn
        a, b, c = nn.Linear(1, 2), nn.ReLU(), nn.Tanh()
        s = nn.Sequential(a, b)
        print(len(s), s[0] is a, s[-1] is b, list(s) == [a, b])
        for i in (2, -3, "x"):
            attempt(s.__getitem__, i)
        print(s[:1], type(s[:1]).__name__)
        s.append(c)
        s[1] = nn.Sigmoid()
        s.insert(0, nn.Identity())
        print(s)
        s.insert(-1, nn.ELU())
        attempt(s.insert, 99, c)
        attempt(s.insert, 0, 3)
        print(s)
        print(s.pop(0), s.pop(-1), len(s))
        del s[0]
        print(s)
        s.extend([nn.ReLU(), nn.Tanh(), nn.GELU()])
        del s[1:3]
        print(s, list(s._modules))
        print(s + nn.Sequential(nn.Softplus()))
        s += nn.Sequential(nn.Softplus())
        print(s)
        print(nn.Sequential(nn.ReLU()) * 2, 2 * nn.Sequential(nn.ReLU()))
        t = nn.Sequential(nn.ReLU(), nn.Tanh())
        t *= 2
        print(t)
        attempt(lambda: s + 3)
        attempt(lambda: s * 0)
        attempt(lambda: s * 1.5)
        print(nn.Sequential(OrderedDict([("one", a), ("two", b)])))
        named = nn.Sequential(
            OrderedDict([("one", nn.ReLU()), ("two", nn.Tanh()), ("x", nn.ELU())])
        )
        print(named[1:], named.two)
        del named[0]
        print(named)
        print([name for name in dir(t) if name.isdigit()])
        print(nn.Sequential()(3))

    same(program)


def test_module_list():
    def program(torch):
        nn = torch.nn
        m = nn.ModuleList([nn.Linear(1, 1) for _ in range(3)])
        print(m, len(m), m[-1] is m[2])
        for i in (3, -4):
            attempt(m.__getitem__, i)
        m.append(nn.ReLU()).extend([nn.ReLU(), nn.Tanh()])
        m.insert(1, nn.Identity())
        print(m)
        m += [nn.ELU()]
        print(m[2:5], len(m + [nn.ReLU()]))
        del m[1:3]
        del m[-1]
        m[0] = nn.GELU()
        print(m, m.pop(1), len(list(m)))
        attempt(m.extend, 3)
        attempt(m.append, 3)
        attempt(m, 3)
        print(nn.ModuleList([nn.Sequential(nn.ReLU(), nn.Tanh()) for _ in range(2)]))

    same(program)


def test_module_dict():
    def program(torch):
        nn = torch.nn
        m = nn.ModuleDict([["lrelu", nn.LeakyReLU()], ["prelu", nn.PReLU()]])
        print(m, len(m), "prelu" in m, list(m), list(m.keys()))
        m["new"] = nn.ReLU()
        m.update({"a": nn.Tanh(), "lrelu": nn.ReLU()})
        m.update(nn.ModuleDict({"z": nn.ELU()}))
        print(m, m.pop("a"), [str(v) for v in m.values()], [k for k, _ in m.items()])
        del m["z"]
        attempt(m.update, 3)
        attempt(m.update, [3])
        attempt(m.update, [[1, 2, 3]])
        attempt(m.__getitem__, "none")
        attempt(m.__setitem__, "x", 3)
        attempt(m.__setitem__, "keys", nn.ReLU())
        m.clear()
        print(m)

    same(program)


def test_parameter_list():
    def program(torch):
        nn = torch.nn
        p = nn.ParameterList([torch.ones(2), nn.Parameter(torch.zeros(1, 3))])
        p.append(torch.tensor(3.0)).append("text")
        print(p, len(p), p[-1], [type(x).__name__ for x in p])
        print([name for name, _ in p.named_parameters()], list(p.state_dict()))
        print(p[1:3])
        p[0] = torch.zeros(4)
        p += [torch.ones(1)]
        print(p)
        for i in (9, -9):
            attempt(p.__getitem__, i)
        attempt(p.extend, 3)
        attempt(p.extend, torch.ones(2))
        attempt(p)

    same(program)


def test_parameter_dict():
    def program(torch):
        nn = torch.nn
        p = nn.ParameterDict({"b": torch.ones(2), "a": nn.Parameter(torch.zeros(1, 3))})
        print(p, list(p), len(p), "a" in p, list(reversed(p)))
        p["n"] = 3
        print(p, [n for n, _ in p.named_parameters()])
        print(p.get("none", 5), p.get("n"), p.setdefault("n", 9), p.pop("n"))
        print(p.popitem()[0], list(p.keys()), [tuple(v.shape) for v in p.values()])
        p.update([["x", torch.ones(1)], ["y", torch.ones(1)]])
        print(list(p | nn.ParameterDict({"q": torch.ones(1)})), list(p.copy()))
        print(list(p.fromkeys(["k", "l"], torch.ones(1))))
        p |= nn.ParameterDict({"r": torch.ones(1)})
        del p["x"]
        print(list(p))
        attempt(p.update, 3)
        attempt(p.update, [3])
        attempt(p.update, [[1, 2, 3]])
        attempt(p, 3)
        p.clear()
        print(p)
        attempt(p.__setitem__, 3, torch.ones(1))

    same(program)
