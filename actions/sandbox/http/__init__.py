"""The sandbox over HTTP, for processes of their own."""
