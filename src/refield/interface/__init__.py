"""One image of the user's own: fitted from Python or by `refield fit`, looked at, kept and read again."""

from refield.interface.request import Request, ask, fit
from refield.interface.result import Result, load

__all__ = ["Request", "Result", "ask", "fit", "load"]
