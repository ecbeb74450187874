"""A pickle is a program for a small stack machine. This machine runs the harmless part of the language.

Python's own unpickler imports whatever a file names and calls it: to load a file is to run it. Here names are looked
up in a table, calls go to functions of that table alone, and the instructions that change objects change only lists,
dicts and objects of classes in the table. Knows the language; not what the names mean (globals.py), nor tensors.
"""

from __future__ import annotations

import pickle
import struct
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable
from typing import Any

from minitorch.serialization.failure import CheckpointError, refused

_DICTS = (dict, OrderedDict, Counter, defaultdict)
_MOST_IN_A_KEY = 1000  # the hash of a nested tuple takes time and stack with all that is in it
_PY2_MODULES = {"__builtin__": "builtins", "copy_reg": "copyreg"}  # protocol 2 writes Python 2's names

Instruction = Callable[["Unpickler"], None]
_INSTRUCTIONS: dict[int, Instruction] = {}


def _on(*codes: bytes) -> Callable[[Instruction], Instruction]:
    """Decorator: the function carries out these instructions."""

    def register(run: Instruction) -> Instruction:
        _INSTRUCTIONS.update({code[0]: run for code in codes})
        return run

    return register


class Unpickler:
    """Runs the program `data`.

    find            full name -> the object it stands for; raises CheckpointError for all that isn't allowed
    callables       the functions and classes that may be called
    trusted         the classes of the user's own whose objects may be made and filled
    load_storage    persistent id (a tuple) -> what it stands for; its errors are passed on unchanged
    """

    def __init__(
        self,
        data: bytes,
        find: Callable[[str, str], Any],
        callables: list[Any],
        trusted: list[Any],
        load_storage: Callable[[tuple], Any],
    ) -> None:
        self.data, self.position = data, 0
        self.find, self.load_storage = find, load_storage
        self.callables = {id(f) for f in callables} | {id(f) for f in trusted}
        self.trusted = {id(f) for f in trusted}
        self.stack: list[Any] = []
        self.outer: list[list[Any]] = []  # the stacks below each mark
        self.memo: dict[int, Any] = {}

    def load(self) -> Any:
        """The object that the program leaves on the stack."""
        while True:
            try:
                code = self.take(1)[0]
                if code == pickle.STOP[0]:
                    return self.stack.pop()
                if code != pickle.BINPERSID[0]:
                    run = _INSTRUCTIONS.get(code)
                    if run is None:
                        raise refused(f"Unsupported operand {code}: no pickle of protocol 2 with weights has it.")
                    run(self)
                    continue
                key = self.stack.pop()
                if type(key) is not tuple or not key or key[0] != "storage":
                    raise refused(f"Only persistent_load of storage is allowed, but got an id of {type(key)}.")
            except CheckpointError:
                raise
            except Exception as error:  # whatever a senseless program leads to, also in a constructor
                raise refused(f"The pickle is corrupt: {type(error).__name__}: {error}") from error
            self.stack.append(self.load_storage(key))

    # -- the program's text --------------------------------------------------------------------------------------------

    def take(self, n: int) -> bytes:
        """The next n bytes."""
        end = self.position + n
        if end > len(self.data):
            raise refused("The pickle is truncated.")
        part = self.data[self.position : end]
        self.position = end
        return part

    def number(self, form: str) -> Any:
        return struct.unpack(form, self.take(struct.calcsize(form)))[0]

    def line(self) -> str:
        end = self.data.find(b"\n", self.position)
        if end < 0:
            raise refused("The pickle is truncated.")
        text = self.data[self.position : end].decode("utf-8")
        self.position = end + 1
        return text

    # -- the stack -----------------------------------------------------------------------------------------------------

    def push(self, value: Any) -> None:
        self.stack.append(value)

    def to_mark(self) -> list[Any]:
        """All above the last mark, which is removed."""
        items = self.stack
        self.stack = self.outer.pop()
        return items

    def wrap(self, n: int) -> None:
        """The last n values become a tuple."""
        if len(self.stack) < n:
            raise refused("The pickle is corrupt: a tuple of more than there is.")
        self.stack[-n:] = [tuple(self.stack[-n:])]

    def set_items(self, items: list[Any]) -> None:
        target = self.stack[-1]
        if type(target) not in _DICTS:
            raise refused(f"Can only set items of dict, OrderedDict, Counter and defaultdict, but got {type(target)}.")
        if len(items) % 2:
            raise refused("The pickle is corrupt: a key without a value.")
        for key, value in zip(items[::2], items[1::2], strict=True):
            target[check_hashable(key)] = value


def check_hashable(key: Any) -> Any:
    """The key, if it can be hashed in little time: nested tuples may share parts and so be exponentially large."""
    todo, seen = [key], 0
    while todo:
        item = todo.pop()
        seen += 1
        if seen > _MOST_IN_A_KEY:
            raise refused("A key of a dict or an element of a set holds too many values.")
        if isinstance(item, tuple):
            todo.extend(item[:_MOST_IN_A_KEY])
    return key


def check_attributes(state: Any) -> dict[str, Any]:
    """The attributes to give to an object, if they are attributes: no special methods."""
    if type(state) is not dict or any(type(k) is not str or k.startswith("__") for k in state):
        raise refused("An object's attributes must be a dict of plain names.")
    return state


# -- constants ---------------------------------------------------------------------------------------------------------

_on(pickle.NONE)(lambda m: m.push(None))
_on(pickle.NEWTRUE)(lambda m: m.push(True))
_on(pickle.NEWFALSE)(lambda m: m.push(False))
_on(pickle.EMPTY_TUPLE)(lambda m: m.push(()))
_on(pickle.EMPTY_LIST)(lambda m: m.push([]))
_on(pickle.EMPTY_DICT)(lambda m: m.push({}))
_on(pickle.BININT)(lambda m: m.push(m.number("<i")))
_on(pickle.BININT1)(lambda m: m.push(m.number("<B")))
_on(pickle.BININT2)(lambda m: m.push(m.number("<H")))
_on(pickle.BINFLOAT)(lambda m: m.push(m.number(">d")))
_on(pickle.LONG1)(lambda m: m.push(int.from_bytes(m.take(m.number("<B")), "little", signed=True)))
_on(pickle.BINUNICODE)(lambda m: m.push(m.take(m.number("<I")).decode("utf-8", "surrogatepass")))
_on(pickle.SHORT_BINSTRING)(lambda m: m.push(m.take(m.number("<B")).decode("utf-8")))

# -- memory and tuples -------------------------------------------------------------------------------------------------

_on(pickle.BINGET)(lambda m: m.push(m.memo[m.number("<B")]))
_on(pickle.LONG_BINGET)(lambda m: m.push(m.memo[m.number("<I")]))
_on(pickle.BINPUT)(lambda m: m.memo.__setitem__(m.number("<B"), m.stack[-1]))
_on(pickle.LONG_BINPUT)(lambda m: m.memo.__setitem__(m.number("<I"), m.stack[-1]))
_on(pickle.TUPLE)(lambda m: m.push(tuple(m.to_mark())))
_on(pickle.TUPLE1)(lambda m: m.wrap(1))
_on(pickle.TUPLE2)(lambda m: m.wrap(2))
_on(pickle.TUPLE3)(lambda m: m.wrap(3))


@_on(pickle.MARK)
def _mark(m: Unpickler) -> None:
    m.outer.append(m.stack)
    m.stack = []


@_on(pickle.PROTO)
def _protocol(m: Unpickler) -> None:
    version = m.number("<B")
    if version != 2:
        raise refused(f"Detected pickle protocol {version}: only weights saved with protocol 2 are read.")


# -- filling containers ------------------------------------------------------------------------------------------------


def _extend(m: Unpickler, items: list[Any]) -> None:
    target = m.stack[-1]
    if type(target) is not list:
        raise refused(f"Can only append to lists, but got {type(target)}.")
    target.extend(items)


_on(pickle.APPENDS)(lambda m: _extend(m, m.to_mark()))
_on(pickle.APPEND)(lambda m: _extend(m, [m.stack.pop()]))
_on(pickle.SETITEMS)(lambda m: m.set_items(m.to_mark()))
_on(pickle.SETITEM)(lambda m: m.set_items([m.stack.pop(), m.stack.pop()][::-1]))

# -- names, calls, objects: where the dangers lie ----------------------------------------------------------------------


@_on(pickle.GLOBAL)
def _global(m: Unpickler) -> None:
    module, name = m.line(), m.line()
    m.push(m.find(_PY2_MODULES.get(module, module), name))


@_on(pickle.REDUCE)
def _call(m: Unpickler) -> None:
    args, function = m.stack.pop(), m.stack.pop()
    if id(function) not in m.callables:
        raise refused(f"Trying to call reduce for unrecognized function {type(function)}.")
    if type(args) is not tuple:
        raise refused(f"The arguments of a call must be a tuple, but got {type(args)}.")
    m.push(function(*args))


@_on(pickle.NEWOBJ)
def _new(m: Unpickler) -> None:
    args, cls = m.stack.pop(), m.stack.pop()
    if id(cls) not in m.trusted or not isinstance(cls, type):
        raise refused(f"Can only create objects of classes allowed via `add_safe_globals`, but got {type(cls)}.")
    m.push(cls.__new__(cls, *args))


@_on(pickle.BUILD)
def _build(m: Unpickler) -> None:
    state, target = m.stack.pop(), m.stack[-1]
    if type(target) is OrderedDict:
        target.__dict__.update(check_attributes(state))
    elif id(type(target)) not in m.trusted:
        raise refused(f"Can only build OrderedDict or types allowed via `add_safe_globals`, but got {type(target)}.")
    elif hasattr(target, "__setstate__"):
        target.__setstate__(state)
    else:
        plain, slots = state if isinstance(state, tuple) and len(state) == 2 else (state, None)
        for attributes in (plain, slots):
            for name, value in check_attributes(attributes or {}).items():
                setattr(target, name, value)
