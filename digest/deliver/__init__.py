"""Mailers: deliver mails to an SMTP server, or write them to a folder."""
