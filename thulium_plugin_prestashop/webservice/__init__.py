"""An asynchronous client for PrestaShop's webservice; knows nothing of any CRM."""
