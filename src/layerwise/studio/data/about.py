"""What a run is, in words: its title and the facts under it."""

from __future__ import annotations

from layerwise.store import Run


def title(run: Run) -> str:
    """Return the title of a run: as given, or the network on its data, or the folder's name."""
    given = run.provenance
    network = given.get("network") or given.get("model") or run.path.name
    data = given.get("data")
    words = str(given.get("title") or (f"{network} on {data}" if data else network))
    return words[:1].upper() + words[1:]


def facts(run: Run) -> list[tuple[str, str]]:
    """Return what stands under the title, name and value; what is not known is left out."""
    given = run.provenance
    found = [
        ("Network", given.get("network") or given.get("model")),
        ("Data", given.get("data")),
        ("Seed", given.get("seed")),
        ("Observations", f"{run.n_observations:,}"),
        ("Scaled down", given.get("scale_down")),
        ("Recorded", given.get("created")),
        ("Recorded by", given.get("layerwise") and f"layerwise {given['layerwise']}"),
        ("Command", given.get("command")),
    ]
    return [(name, str(value)) for name, value in found if value not in (None, "")]
