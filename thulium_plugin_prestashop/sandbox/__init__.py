"""What runs the plugin without Thulium and without a real shop: a small CRM and a demo shop."""
