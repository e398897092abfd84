"""What Codex's plans are called, as in steipete/CodexBar."""

from __future__ import annotations

_PLANS = {
    "pro": "Pro 20x",
    "prolite": "Pro 5x",
    "k12": "K-12",
    "edu": "Education",
    "self_serve_business_usage_based": "Business",
    "enterprise_cbp_usage_based": "Enterprise",
}


def plan_title(plan: str | None) -> str | None:
    """Return a plan's name for people; a new one is shown as it came, a little tidied."""
    words = (plan or "").replace("_", " ").replace("-", " ").split()
    if not words or [word.lower() for word in words] == ["unknown"]:
        return None
    line = " ".join(words)
    return _PLANS.get("_".join(words).lower()) or line[:1].upper() + line[1:]
