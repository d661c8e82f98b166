"""Pure rules of routing: read a policy's document, compile its CEL rules, decide where a submission goes."""
