"""Who is told what by mail or chat, and when: a person's choice, the outbox of messages, the chat hooks."""
