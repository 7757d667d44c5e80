"""What the page shows, as plain values that a template only has to print. Pure."""
