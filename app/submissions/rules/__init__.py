"""Pure rules of submissions: statuses, the shape of a body, and checks against a JSON Schema."""
