"""How the paper is made of the notebooks. Nothing else imports this folder."""
