"""Pure rules of intake: what a program asks for beside its output."""
