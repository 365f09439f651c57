"""Page functions, a module for each part of the CRM; ``routes`` says which address leads to which."""
