"""What the desktop around the tray offers."""
