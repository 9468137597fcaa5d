"""What a run is set to: settings, their layers, and the folders of this user."""
