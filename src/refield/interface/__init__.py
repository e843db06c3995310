"""One image of the user's own: fitted from Python or by `refield fit`, looked at, kept and read again."""

from refield.interface.compressed import Compressed, decompress
from refield.interface.compression import compress
from refield.interface.request import Request, ask, fit
from refield.interface.result import Result, load
from refield.interface.upscale import Upscaled, upscale

__all__ = ["Compressed", "Request", "Result", "Upscaled", "ask", "compress", "decompress", "fit", "load", "upscale"]
