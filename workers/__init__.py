"""What happens without anybody asking: deliveries leave, leases run out, old rows are forgotten.

One thin module per kind of job over the services; every job carries ids only and is safe to run twice.
"""
