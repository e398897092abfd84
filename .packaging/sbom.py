"""What is bundled, as a software bill of materials: CycloneDX 1.6, https://cyclonedx.org/docs/1.6/json/."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from importlib.metadata import Distribution, PathDistribution
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

if TYPE_CHECKING:
    from pathlib import Path

_PROGRAM = canonicalize_name("trayquota")
_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://cyclonedx.org/trayquota")


def sbom(tree: Path, made: int) -> str:
    """Return the bill of all distributions below ``tree``, by the metadata there; ``made`` is in seconds since 1970.

    Raises:
        KeyError: The program itself is not among them.
    """
    found = {canonicalize_name(each.name): each for each in map(PathDistribution, tree.rglob("*.dist-info"))}
    program = _component(found.pop(_PROGRAM), "application")
    components = [_component(found[name], "library") for name in sorted(found)]
    for stated in tree.rglob("runtime.json"):  # what else a one-folder build has: its spec writes this
        components += [
            _described(f"pkg:generic/{name}@{version}", "library", name, version)
            for name, version in json.loads(stated.read_text("utf-8")).items()
        ]
    references = [each["bom-ref"] for each in components]
    content = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(_NAMESPACE, json.dumps([program, components]))}",
        "version": 1,
        "metadata": {
            "timestamp": datetime.fromtimestamp(made, UTC).isoformat().replace("+00:00", "Z"),
            "component": program,
        },
        "components": components,
        "dependencies": [{"ref": program["bom-ref"], "dependsOn": references}],
    }
    return json.dumps(content, indent=2) + "\n"


def _component(distribution: Distribution, kind: str) -> dict[str, object]:
    name = canonicalize_name(distribution.name)
    component = _described(f"pkg:pypi/{name}@{distribution.version}", kind, name, distribution.version)
    licence = _licence(distribution)
    return {**component, "licenses": [licence]} if licence else component


def _described(url: str, kind: str, name: str, version: str) -> dict[str, object]:
    return {"type": kind, "bom-ref": url, "name": name, "version": version, "purl": url}


def _licence(distribution: Distribution) -> dict[str, object] | None:
    """Return a licence as the metadata states it: an SPDX expression, else a name, else a classifier."""
    if expression := _fields(distribution, "License-Expression"):
        return {"expression": expression[0]}
    classifiers = _fields(distribution, "Classifier")
    stated = [each.rpartition(" :: ")[2] for each in classifiers if each.startswith("License :: ")]
    # Some have the whole text there, which is in the package already.
    names = [text.strip().splitlines()[0] for text in _fields(distribution, "License") if text.strip()]
    name = ", ".join(names or stated)
    return {"license": {"name": name}} if name else None


def _fields(distribution: Distribution, name: str) -> list[str]:
    return distribution.metadata.get_all(name) or []
