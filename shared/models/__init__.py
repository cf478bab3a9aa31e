"""Weights of neural engines: which there are, under which terms, and where they lie on this machine.

A service only loads what lies in a folder; fetching is the step of a person: `localclip models pull`, `up` or `demo`.
"""

from shared.models._catalogue import CATALOGUE, STARTER, Link, Model, catalogued
from shared.models._contents import Archive, File, HubFile, Member, Packed, Source, WebFile, download_bytes
from shared.models._figures import Service, hearing, speaking
from shared.models._find import digest_here, find_model, identified, is_here, weights_name
from shared.models._machine import best_here, has_room, usable
from shared.models._settings import PROFILE, ModelSettings, Profile

__all__ = [
    "CATALOGUE",
    "PROFILE",
    "STARTER",
    "Archive",
    "File",
    "HubFile",
    "Link",
    "Member",
    "Model",
    "ModelSettings",
    "Packed",
    "Profile",
    "Service",
    "Source",
    "WebFile",
    "best_here",
    "catalogued",
    "digest_here",
    "download_bytes",
    "find_model",
    "has_room",
    "hearing",
    "identified",
    "is_here",
    "speaking",
    "usable",
    "weights_name",
]
