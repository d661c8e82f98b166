"""Pure rules of delivery: which addresses may be called, how a message is signed, when it is tried again."""
