"""A loop over numbers as machine code of this CPU, by LLVM, where llvmlite is installed.

LLVM contracts and reorders no operation unless it is told to.
"""

import ctypes
import functools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import metadata
from typing import Any

import numpy as np

from refield.fitting.mlp import sines
from refield.fitting.mlp.recording import SINES, Loop, Value

OLDEST = (0, 45)  # of llvmlite's versions the first whose pointers have no type
OPERATIONS = {
    "add": "{v} = fadd float {0}, {1}",
    "subtract": "{v} = fsub float {0}, {1}",
    "multiply": "{v} = fmul float {0}, {1}",
    "divide": "{v} = fdiv float {0}, {1}",
    "reciprocal": "{v} = fdiv float 1.0, {0}",
    "square": "{v} = fmul float {0}, {0}",
    "abs": "{v} = call float @llvm.fabs.f32(float {0})",
    "floor": "{v} = call float @llvm.floor.f32(float {0})",
    "copysign": "{v} = call float @llvm.copysign.f32(float {0}, float {1})",
    "clip": """{v}.below = fcmp olt float {0}, {1}
      {v}.least = select i1 {v}.below, float {1}, float {0}
      {v}.above = fcmp ogt float {v}.least, {2}
      {v} = select i1 {v}.above, float {2}, float {v}.least""",
    "sin": "{v} = call float @sine(float {0}, i32 0)",
    "cos": "{v} = call float @sine(float {0}, i32 1)",
    "truncate index": "{v} = call i32 @llvm.fptosi.sat.i32.f32(float {0})",
    "clip index": """{v}.least = call i32 @llvm.smax.i32(i32 {0}, i32 {1})
      {v} = call i32 @llvm.smin.i32(i32 {v}.least, i32 {2})""",
    "take": """{v}.wide = zext i32 {1} to i64
      {v}.place = getelementptr float, ptr {0}, i64 {v}.wide
      {v} = load float, ptr {v}.place""",
    "one": "{v} = load float, ptr {place}",
    "each": """{v}.place = getelementptr float, ptr {place}, i64 {i}
      {v} = load float, ptr {v}.place""",
    "store": """{place}.i = getelementptr float, ptr {place}, i64 {i}
      store float {0}, ptr {place}.i""",
}
FUNCTION = """
    define i32 @loop(i64 %n, {pointers}) "prefer-vector-width"="512" {{
    before:
      {begin}
    loop:
      %i = phi i64 [0, %{before}], [%next, %loop]
      {body}
      %next = add nuw nsw i64 %i, 1
      %more = icmp ult i64 %next, %n
      br i1 %more, label %loop, label %after
    after:
      ret i32 0
    }}
"""
# Before a loop with sines another looks at their angles. A number's bits but the sign, read as an integer, are the
# larger the larger it is, and largest of what is no number.
LOOK = """br label %look
    look:
      %i.look = phi i64 [0, %before], [%next.look, %look]
      %largest = phi i32 [0, %before], [%so.far, %look]
      {body}
      %next.look = add nuw nsw i64 %i.look, 1
      %more.look = icmp ult i64 %next.look, %n
      br i1 %more.look, label %look, label %seen
    seen:
      %fine = icmp ule i32 %so.far, {limit}
      br i1 %fine, label %loop, label %never
    never:
      ret i32 1"""
DECLARED = """
    declare float @llvm.fabs.f32(float)
    declare float @llvm.floor.f32(float)
    declare float @llvm.copysign.f32(float, float)
    declare i32 @llvm.fptosi.sat.i32.f32(float)
    declare i32 @llvm.smax.i32(i32, i32)
    declare i32 @llvm.smin.i32(i32, i32)
    declare i32 @llvm.umax.i32(i32, i32)
"""


@dataclass(frozen=True)
class Compiled:
    """A loop over n numbers, which is called with n and the addresses of places.

    It returns 0; or 1, with nothing done, where an angle is larger than numpy's sine takes itself.
    """

    function: Callable[..., int]
    places: list[str]
    engine: Any  # owns the machine code


@functools.cache
def installed() -> bool:
    try:
        return tuple(map(int, metadata.version("llvmlite").split(".")[:2])) >= OLDEST
    except metadata.PackageNotFoundError:
        return False


def text(loop: Loop, values: list[Value]) -> tuple[str, list[str]]:
    """A loop in LLVM's language, and the places whose addresses it is given after the number of its rounds."""
    needed = _needed(loop, values, loop.made.values())
    places = sorted({loop.known[number] for number in needed & loop.known.keys()}.union(loop.made))
    body, names = _body(loop, values, needed, "%i")
    body += [
        OPERATIONS["store"].format(names[number], place=f"%{place}", i="%i") for place, number in loop.made.items()
    ]
    angles = {values[number].arguments[0] for number in needed - loop.known.keys() if values[number].name in SINES}
    begin, before = "br label %loop", "before"
    if angles:
        looked, names = _body(loop, values, _needed(loop, values, angles), "%i.look")
        looked += _largest([names[angle] for angle in sorted(angles)])
        limit = np.float32(sines.LARGEST).view(np.uint32)
        begin, before = LOOK.format(body="\n      ".join(looked), limit=limit), "seen"
    pointers = ", ".join(f"ptr noalias %{place}" for place in places)
    made = FUNCTION.format(pointers=pointers, begin=begin, before=before, body="\n      ".join(body))
    return made + DECLARED + sines.FUNCTION, places


def _needed(loop: Loop, values: list[Value], wanted: Iterable[int]) -> set[int]:
    """The values that others are made of, back to what is known."""
    needed: set[int] = set()
    waiting = list(wanted)
    while waiting:
        number = waiting.pop()
        if number not in needed:
            needed.add(number)
            waiting += () if number in loop.known else values[number].arguments
    return needed


def _body(loop: Loop, values: list[Value], needed: set[int], i: str) -> tuple[list[str], dict[int, str]]:
    """Lines that make the values of round `i`, and the values' names."""
    lines: list[str] = []
    names: dict[int, str] = {}
    for number in sorted(needed):
        value, place = values[number], f"%{loop.known.get(number)}"
        names[number] = f"{i}.v{number}"
        if value.name == "table":
            names[number] = place
        elif value.name == "number":
            names[number] = _constant(value.constant)
        else:
            name = value.name if number not in loop.known or value.name == "one" else "each"
            arguments = [] if number in loop.known else [names[each] for each in value.arguments]
            lines.append(OPERATIONS[name].format(*arguments, v=names[number], place=place, i=i))
    return lines, names


def _largest(angles: list[str]) -> list[str]:
    """Lines that compare the sizes of this round's angles with the largest so far."""
    lines, so_far = [], "%largest"
    for k, angle in enumerate(angles):
        last = "%so.far" if angle == angles[-1] else f"%largest{k}"
        lines += [
            f"%bits{k} = bitcast float {angle} to i32",
            f"%size{k} = and i32 %bits{k}, 2147483647",
            f"{last} = call i32 @llvm.umax.i32(i32 {so_far}, i32 %size{k})",
        ]
        so_far = last
    return lines


def _constant(number: float) -> str:
    """A whole number for an index."""
    return str(number) if isinstance(number, int) else sines.constant(number)


def compiled(loop: Loop, values: list[Value]) -> Compiled:
    import llvmlite.binding as llvm

    source, places = text(loop, values)
    machine = _machine()
    module = llvm.parse_assembly(source)
    options = llvm.create_pipeline_tuning_options(speed_level=3)
    options.loop_vectorization = True
    passes = llvm.create_pass_builder(machine, options)
    passes.getModulePassManager().run(module, passes)
    engine = llvm.create_mcjit_compiler(module, machine)
    engine.finalize_object()
    # What is called so runs without Python's lock.
    made = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_size_t, *[ctypes.c_void_p] * len(places))
    return Compiled(made(engine.get_function_address("loop")), places, engine)


def _machine() -> Any:
    """This CPU, with all that it can do."""
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    host = {"cpu": llvm.get_host_cpu_name(), "features": llvm.get_host_cpu_features().flatten()}
    return llvm.Target.from_default_triple().create_target_machine(**host, opt=3)
