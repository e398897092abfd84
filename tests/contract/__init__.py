"""What every tray backend promises, and the protocol of our own one, on private buses."""
