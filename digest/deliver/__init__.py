"""Where mails go: an SMTP server, or a folder."""
