"""numpy's sine and cosine of float32 in LLVM's language, so that a loop may have both for little more than one.

numpy takes whole quarters of a turn from an angle by the method of Cody and Waite, with pi / 2 in three parts, and sums
two short series of the rest, for its sine and its cosine; the quarter says which is wanted, and the sign. (So do
versions 1.17 to 2.4 at least: numpy/_core/src/umath/loops_trigonometric.dispatch.) IEEE says every bit of a fused
multiplication, too. Whether the numpy at hand does this on the CPU at hand is tried before it is relied on, in `loops`.
"""

import numpy as np

LARGEST = 71476.0625  # numpy leaves larger angles to the C library


def constant(number: float) -> str:
    """float32's nearest number, which LLVM reads as the bits of a double."""
    return f"0x{np.float64(np.float32(number)).view(np.uint64):016X}"


def _of(hexadecimal: str) -> str:
    return constant(float.fromhex(hexadecimal))


ROUNDING = _of("0x1.8p+23")  # a number to which it was added has lost what is behind its point

# The sine of an angle, `ahead` quarters of a turn later: one later it is the cosine.
FUNCTION = f"""
    declare float @llvm.fma.f32(float, float, float)

    define internal float @sine(float %angle, i32 %ahead) alwaysinline {{
      %raised = call float @llvm.fma.f32(float %angle, float {_of("0x1.45f306p-1")}, float {ROUNDING})
      %quarters = fsub float %raised, {ROUNDING}
      %a = call float @llvm.fma.f32(float %quarters, float {_of("-0x1.921fb0p+0")}, float %angle)
      %b = call float @llvm.fma.f32(float %quarters, float {_of("-0x1.5110b4p-22")}, float %a)
      %r = call float @llvm.fma.f32(float %quarters, float {_of("-0x1.846988p-48")}, float %b)
      %q = fmul float %r, %r

      %s7 = call float @llvm.fma.f32(float {_of("0x1.7d3bbcp-19")}, float %q, float {_of("-0x1.a06bbap-13")})
      %s5 = call float @llvm.fma.f32(float %s7, float %q, float {_of("0x1.11119ap-7")})
      %s3 = call float @llvm.fma.f32(float %s5, float %q, float {_of("-0x1.555556p-3")})
      %s1 = call float @llvm.fma.f32(float %s3, float %q, float 0.0)
      %of_sine = call float @llvm.fma.f32(float %s1, float %r, float %r)

      %c6 = call float @llvm.fma.f32(float {_of("0x1.98e616p-16")}, float %q, float {_of("-0x1.6c06dcp-10")})
      %c4 = call float @llvm.fma.f32(float %c6, float %q, float {_of("0x1.55553cp-5")})
      %c2 = call float @llvm.fma.f32(float %c4, float %q, float -0.5)
      %of_cosine = call float @llvm.fma.f32(float %c2, float %q, float 1.0)

      %counted = bitcast float %raised to i32
      %quarter = add i32 %counted, %ahead
      %last = and i32 %quarter, 1
      %even = icmp eq i32 %last, 0
      %size = select i1 %even, float %of_sine, float %of_cosine
      %half = shl i32 %quarter, 30
      %sign = and i32 %half, -2147483648
      %bits = bitcast float %size to i32
      %signed = xor i32 %bits, %sign
      %sine = bitcast i32 %signed to float
      ret float %sine
    }}
"""
