"""One layer of a multilayer perceptron, as its field describes it to those who fit it."""

from collections.abc import Sequence
from dataclasses import dataclass

from refield.arrays import Tensor
from refield.fields.activations import ACTIVATIONS
from refield.fields.field import Cost
from refield.fields.gates import Gate


@dataclass(frozen=True)
class Layer:
    """One layer's shape: weight (experts, fan_in, fan_out), bias (biases, fan_out) with one row or one per expert, and
    what is trained of its activation, as many numbers as `trained` has names."""

    gate: Gate
    fan_in: int
    fan_out: int
    experts: int
    biases: int
    activation: str | None = None  # none of the output
    omega: float = 1.0  # the factor inside the activation; where it is trained, what it starts from
    beta: float = 0.0  # the activation's shape, where it has one; where it is trained, what it starts from
    trained: tuple[str, ...] = ()  # the activation's trained parameters

    @property
    def outputs(self) -> int:
        """How many numbers the next layer sees."""
        return self.fan_out * (1 if self.activation is None else ACTIVATIONS[self.activation].outputs)

    def affine(self, h: Tensor, weight: Tensor, bias: Tensor, expert: Tensor | None) -> Tensor:
        """W[e] h + b[e] of inputs h (n, fan_in), where e is each point's expert (n,); as the textbook has it."""
        if self.experts == 1 or expert is None:
            return h @ weight[0] + bias[0]
        z = h.new_zeros(len(h), self.fan_out)
        for e in range(self.experts):
            rows = expert == e
            z[rows] = h[rows] @ weight[e] + bias[e % self.biases]
        return z

    def activate(self, z: Tensor, trained: Tensor | None) -> Tensor:
        """amplitude * f(omega * z + phase; beta) of z (n, m), of which what is not trained is the layer's own."""
        activation = ACTIVATIONS[str(self.activation)]
        given = {} if trained is None else dict(zip(self.trained, trained, strict=True))
        u = given.get("omega", self.omega) * z
        u = u + given["phase"] if "phase" in given else u
        h = activation.function(u, given.get("beta", self.beta)) if activation.shaped else activation.function(u)
        return given["amplitude"] * h if "amplitude" in given else h


def cost_of(layers: Sequence[Layer]) -> Cost:
    """Back costs one product for the weights and one for the layer below, which the first layer does not have."""
    products = [(layer.fan_in * layer.fan_out, 2 if i == 0 else 3) for i, layer in enumerate(layers)]
    return Cost(flop=sum(2 * size * times for size, times in products), floats=max(each.outputs for each in layers))
