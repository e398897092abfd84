"""HTTP for the providers; the only part that imports requests."""
