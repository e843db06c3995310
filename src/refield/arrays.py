"""A tensor's type for annotations, where torch is not imported: that takes a second, and few stages need it.

Shapes and dtypes are jaxtyping's; only tests check them, at run time.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor
else:
    Tensor = Any

__all__ = ["Tensor"]
