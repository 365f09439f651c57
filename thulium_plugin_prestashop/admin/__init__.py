"""What administrators fill in and read: the integration type, its forms, problems, diagnostics."""
