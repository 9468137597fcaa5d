"""MLflow as a tracker of izcore."""
