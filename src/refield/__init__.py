"""Implicit neural representations of images: coordinate networks, their fits and their scores.

>>> import refield
>>> result = refield.fit("photo.jpg", iterations=1000)  # or an array of pixels
>>> result.picture, result.scores, result.curve
>>> result.render(4)
>>> result.save("photo")
>>> refield.load("photo")
>>> refield.upscale("photo.jpg", 4).verdict
"""

import lazy_loader

# What __init__.pyi names is imported where it is used: this takes a moment, and torch a second.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
