from .errors import UserError as UserError
from .interface import Result as Result
from .interface import Upscaled as Upscaled
from .interface import compress as compress
from .interface import decompress as decompress
from .interface import fit as fit
from .interface import load as load
from .interface import upscale as upscale
