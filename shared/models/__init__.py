"""Weights of neural engines: which there are, under which terms, and where they lie on this machine.

A service only loads what lies in a folder; fetching is one explicit step, `localclip models pull`.
"""

from shared.models._catalogue import CATALOGUE, Link, Model, catalogued
from shared.models._find import find_model
from shared.models._settings import ModelSettings

__all__ = ["CATALOGUE", "Link", "Model", "ModelSettings", "catalogued", "find_model"]
