"""Implicit neural representations of images: coordinate networks, their fits and their scores."""
