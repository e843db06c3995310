"""An activation's calls as what they compute: values made of values, for a few loops and numpy's own calls between."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field

from torch import Tensor

# Only numpy has numpy's bytes of these, but for sines where a CPU can multiply and add with one rounding. Of what else
# activations do, IEEE says every bit.
SINES = ("sin", "cos")
OWN = (*SINES, "exp", "tanh")


@dataclass(frozen=True)
class Value:
    """What a call makes of other values, which are told by their numbers, or what is there from the beginning."""

    name: str  # of the call; or "number"; or what is in a place: "one" for all numbers of a layer, "each", or "table"
    arguments: tuple[int, ...] = ()
    constant: float = 0.0
    place: str = ""
    own: int = 0  # how many of numpy's own calls it waits for, one after another


@dataclass(frozen=True)
class Loop:
    """A pass over memory: where values are that are known, and what is made of them, by where it goes."""

    known: dict[int, str]
    made: dict[str, int]


@dataclass(frozen=True)
class Own:
    """One of numpy's own calls, from a place to a place."""

    name: str
    source: str
    target: str


@dataclass
class Recording:
    """A `Program` that makes no call, but follows what would be where."""

    places: dict[str, Tensor]  # by names; of tables those that it looks up are added
    own: tuple[str, ...] = OWN  # what is left to numpy
    values: list[Value] = field(default_factory=list)
    held: dict[int, int] = field(default_factory=dict)  # the value in each tensor, by its address
    seen: list[Tensor] = field(default_factory=list)  # kept, so that no address is another's later

    def add(self, name: str, *arguments: Tensor | float, out: Tensor) -> None:
        constant = float if out.is_floating_point() else int
        numbers = tuple(self._number(each if isinstance(each, Tensor) else constant(each)) for each in arguments)
        own = max(self.values[each].own + (self.values[each].name in self.own) for each in numbers)
        self._hold(out, Value(name if out.is_floating_point() else f"{name} index", numbers, own=own))

    def truncate(self, numbers: Tensor, out: Tensor) -> None:
        self.add("truncate", numbers, out=out)

    def take(self, table: Tensor, index: Tensor, out: Tensor) -> None:
        self.places[f"table{len(self.places)}"] = table
        self.add("take", table, index, out=out)

    def steps(self, wanted: Sequence[str]) -> list[Loop | Own]:
        """Loops and numpy's own calls that put into some places what they hold in the end; "row0", "row1" are free.

        What own calls take is made by a loop before them, and lies where the last of them puts its result. What several
        loops need each makes anew, which costs less than memory.
        """
        results = {name: self.held[self.places[name].data_ptr()] for name in wanted}
        known = {number: value.place for number, value in enumerate(self.values) if value.place}
        free = {number: name for name, number in results.items() if name not in known.values()}
        calls = {number: value for number, value in enumerate(self.values) if value.name in self.own}
        rows = (f"row{k}" for k in itertools.count())
        steps: list[Loop | Own] = []
        for stage in sorted({value.own for value in calls.values()}):
            here = {number: value for number, value in calls.items() if value.own == stage}
            target = {number: free.get(number) or next(rows) for number in here}
            source = {value.arguments[0]: target[number] for number, value in here.items()}
            made = {place: number for number, place in source.items() if number not in known}
            source |= {number: known[number] for number in source if number in known}
            steps += [Loop(dict(known), made)] if made else []
            steps += [Own(value.name, source[value.arguments[0]], target[number]) for number, value in here.items()]
            known |= target
        made = {name: number for name, number in results.items() if known.get(number) != name}
        return [*steps, Loop(known, made)] if made else steps

    def _number(self, argument: Tensor | float) -> int:
        if not isinstance(argument, Tensor):
            return self._append(Value("number", constant=argument))
        if argument.data_ptr() not in self.held:
            place = next((name for name, each in self.places.items() if each.data_ptr() == argument.data_ptr()), "")
            kind = ("one", "table", "each")[argument.ndim]
            self._hold(argument, Value(kind, place=place) if place else Value("number", constant=float(argument)))
        return self.held[argument.data_ptr()]

    def _hold(self, tensor: Tensor, value: Value) -> None:
        self.seen.append(tensor)
        self.held[tensor.data_ptr()] = self._append(value)

    def _append(self, value: Value) -> int:
        self.values.append(value)
        return len(self.values) - 1
