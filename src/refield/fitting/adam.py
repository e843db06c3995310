"""Adam, as a captured step needs it, and as an interrupted fit finds it again."""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

State = dict[str, np.ndarray]  # by NAME/PART: each parameter, and the running means of its gradient and of its square

# torch's names of the running means
PARTS = VALUE, MEAN, SQUARE = "value", "exp_avg", "exp_avg_sq"


class Adam:
    """Adam (0.9, beta2) on parameters by name, each of which has a gradient from the start."""

    def __init__(self, parameters: Mapping[str, Tensor], beta2: float = 0.999) -> None:
        self.parameters = dict(parameters)
        device = next(iter(self.parameters.values())).device
        # A captured step reads its rate from memory.
        self.rate = torch.zeros((), device=device) if device.type == "cuda" else None
        self.adam = torch.optim.Adam(
            list(self.parameters.values()),
            1e-3 if self.rate is None else self.rate,
            betas=(0.9, beta2),
            fused=True,
            capturable=self.rate is not None,
        )
        for parameter in self.parameters.values():
            parameter.grad = torch.zeros_like(parameter)

    def set_rate(self, rate: float) -> None:
        """The learning rate of the next step."""
        if self.rate is None:
            self.adam.param_groups[0]["lr"] = rate
        else:
            self.rate.fill_(rate)

    def step(self) -> None:
        self.adam.step()

    def state(self) -> State:
        """All that the next steps depend on besides their gradients and rates; there was a step before."""
        return {
            f"{name}/{part}": tensor.detach().cpu().numpy().copy()
            for name, parameter in self.parameters.items()
            for part, tensor in {VALUE: parameter, **self.adam.state[parameter]}.items()
            if part in PARTS
        }

    @torch.no_grad()
    def resume(self, state: State, steps: int) -> None:
        """Go on from a state after so many steps; `KeyError` or `ValueError` if it is that of other parameters."""
        found = {
            name: [torch.from_numpy(state[f"{name}/{part}"].copy()).to(parameter.device) for part in PARTS]
            for name, parameter in self.parameters.items()
        }
        for name, parameter in self.parameters.items():
            if any(part.shape != parameter.shape or part.dtype != parameter.dtype for part in found[name]):
                raise ValueError(f"{name} is of another shape or type")
        for name, parameter in self.parameters.items():
            value, mean, square = found[name]
            parameter.copy_(value)
            step = torch.tensor(float(steps), dtype=torch.float32, device=parameter.device)
            self.adam.state[parameter] = {"step": step, MEAN: mean, SQUARE: square}
