"""The plugin's own database: orders, links, cursors, records set aside, run log."""
