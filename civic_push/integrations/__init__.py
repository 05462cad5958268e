"""Other programs: clients of the API, answers given once, webhooks, and `civic-push announce`."""
