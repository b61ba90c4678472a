"""The register of codes as the page of the reference: docs/reference/problems.md."""

from api import codes

HEAD = """# Problems

What the API answers where it does not do what was asked: `application/problem+json`
([RFC 9457](https://www.rfc-editor.org/rfc/rfc9457)). Decide by `code`: it never changes
its meaning. `title` and `detail` are for people. `type` leads to the code's entry on
the page `/api/docs/problems` of a running system. `request_id` stands in the answer, in
the log and in the metadata of events.

This page is made from the register of codes:

```console
$ .venv/bin/python manage.py problem_codes > docs/reference/problems.md
```

## Codes

| Status | `code` | What has happened | What to do |
|---|---|---|---|
"""
FAULTS = """
## Faults

The members of `errors`, with `invalid`. `pointer` is a JSON pointer (RFC 6901) into the
body, or names the query parameter: `/limit`. All faults are told at once.

| `code` | What is wrong |
|---|---|
"""


def markdown() -> str:
    problems = [
        f"| {each.status} | `{each.name}` | {each.when} | {each.then} |\n"
        for each in codes.registered()
    ]
    faults = [
        f"| `{each.name}` | {each.when} |\n" for each in codes.registered_faults()
    ]
    return "".join([HEAD, *problems, FAULTS, *faults])
