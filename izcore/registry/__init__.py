"""What is installed: plugins are found, checked, guarded and told what happens."""
