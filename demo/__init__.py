"""A demonstration on real outputs: four kinds of work, their policies, and reviewers who work them.

It speaks to a running service over its public HTTP interface only, as any other client would, and so proves that the
interface is enough. It may not import the application. Called by the command line's `demo` and by the first start,
which fills an empty workspace. Where each row comes from and under which licence: data/LICENCES.md.
"""
