"""Everything that puts something into a tray: which backend, its menu, and one backend of our own."""
