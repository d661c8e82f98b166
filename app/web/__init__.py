"""Pages for people: one module per page beside its templates/<page>/ and its static files.

Pages translate: they read a form or a query, call one service, and hand plain values to a template. They decide
nothing and touch no table. Also here: how untrusted text is shown, how a schema becomes a form, how a chart is drawn.
"""
