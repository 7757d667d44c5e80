"""The content of the page, as plain values for the templates. Pure."""
