"""PrestaShop integration for the Thulium contact-centre CRM."""
