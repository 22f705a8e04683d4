"""Credentials: which server gets them, and in which form."""
