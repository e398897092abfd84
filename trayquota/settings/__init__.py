"""What the person has chosen: read, checked, written and watched."""
