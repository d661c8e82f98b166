"""The routes of the HumanLayer SDK (0.7.9, the last one): programs that were written for it work unchanged.

HUMANLAYER_API_BASE is `<address>/api/humanlayer/v1`, HUMANLAYER_API_KEY a key with the scopes submit and read.
"""
