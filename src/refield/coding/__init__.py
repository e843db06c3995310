"""Fitted fields as files of few bytes, which others can decode: docs/format.md says how, bit by bit."""
