"""What pages show, as plain records: taken from runs, and ready for the templates."""
