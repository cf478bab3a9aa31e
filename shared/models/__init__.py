"""Weights of neural engines: which ones exist, under which terms, and where they are on this machine.

A service only loads weights from a folder; a person fetches them: `localclip models pull`, `up` or `demo`.
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
