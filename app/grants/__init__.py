"""Grants: signed permission to run one approved call once. See docs/decisions/021-grants.md."""
