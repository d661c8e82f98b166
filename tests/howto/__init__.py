"""The pages of docs/howto, command by command, on an installation of their own."""
