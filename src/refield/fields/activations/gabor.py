"""exp(iu - (beta u)^2), the complex Gabor wavelet of a real number: its real and its imaginary part.

With u = omega z it is WIRE's wavelet (Saragadam et al., CVPR 2023) at a real z, beta = sigma / omega. The layer behind
it has a weight for each part: as if its weights were complex, and of the product only the real part went on.
"""

from refield.arrays import Tensor
from refield.fields.activations.activation import Activation, Program, Work


def gabor(u: Tensor, beta: Tensor | float) -> Tensor:
    """The real parts (n, m), and behind them the imaginary ones."""
    import torch

    envelope = torch.exp(-(beta * u).square())
    return torch.cat([envelope * torch.cos(u), envelope * torch.sin(u)], dim=1)


def write(program: Program, u: Tensor, out: Tensor, work: Work) -> None:
    """With t = -2 beta^2 u the slopes are t re - im and t im + re, and those by beta t u / beta times each part."""
    m = u.shape[1]
    real, imaginary = out[:, :m], out[:, m:]
    t, wide = work.scratch
    program.add("multiply", u, work.beta, out=t)
    program.add("clip", t, -1e18, 1e18, out=t)  # whose square is a float32 number
    program.add("multiply", t, -1.0, out=wide)
    program.add("multiply", wide, t, out=wide)
    program.add("exp", wide, out=wide)
    program.add("cos", u, out=real)
    program.add("multiply", real, wide, out=real)
    program.add("sin", u, out=imaginary)
    program.add("multiply", imaginary, wide, out=imaginary)
    if work.slope is None:
        return
    program.add("multiply", t, -2.0, out=t)
    if work.by_beta is not None:
        program.add("multiply", t, u, out=wide)
        program.add("multiply", real, wide, out=work.by_beta[:, :m])
        program.add("multiply", imaginary, wide, out=work.by_beta[:, m:])
    program.add("multiply", t, work.beta, out=t)
    program.add("multiply", t, imaginary, out=work.slope[:, m:])
    program.add("add", work.slope[:, m:], real, out=work.slope[:, m:])
    program.add("multiply", t, real, out=u)
    program.add("subtract", u, imaginary, out=u)


GABOR = Activation(gabor, write, outputs=2, scratch=2, shaped=True, trained=("omega", "beta"))
