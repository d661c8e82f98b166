"""A private PostgreSQL and Valkey for a machine that has none, and the supervisor that keeps children alive.

`proofdesk up` and the tests stand on this. It promises that nothing listens on a port, that data survives a kill
at any moment, and that no process outlives its supervisor. It knows no product word and no database driver.
"""
