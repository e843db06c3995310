"""The settings of a U-Net and of its training: a profile's `unet` in params.yaml."""

from pydantic import Field

from refield.strict import Name, Strict


class Training(Strict):
    """Adam on the binary cross-entropy of batches of examples, each of which is seen once an epoch."""

    examples: Name  # the folder of sources that lists them: an image X and its mask X_mask each
    width: int = Field(8, ge=1, le=256)  # channels on the first level
    levels: int = Field(4, ge=1, le=8)  # how often a picture is halved
    epochs: int = Field(75, ge=1)
    batch: int = Field(8, ge=1)  # examples of a step
    learning_rate: float = Field(1e-4, gt=0, allow_inf_nan=False)
    seed: int = Field(0, ge=0)  # of the initial weights, and of the order of examples
