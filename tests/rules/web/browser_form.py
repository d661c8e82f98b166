"""What a browser does to a form: the controls of a page as it would post them.

Follows the HTML standard where that changes a value: the first line break of a textarea is dropped, one-line inputs
lose their line breaks, names and values are posted with CRLF. Used by tests of the form alone.
"""

from html.parser import HTMLParser

from app.web.schema_form.node import normal_breaks


class _Controls(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.values: dict[str, str] = {}
        self.focused: list[str] = []
        self.order: list[str] = []
        self._name = ""
        self._textarea: list[str] | None = None
        self._chosen = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag in ("input", "textarea", "select"):
            self._name = given["name"]
            self.order.append(self._name)
            if "autofocus" in given:
                self.focused.append(self._name)
        if tag == "input":
            self.values[self._name] = normal_breaks(given.get("value", "")).replace("\n", "")
        elif tag == "textarea":
            self._textarea = []
        elif tag == "select":
            self._chosen = False
        elif tag == "option" and (not self._chosen or "selected" in given):
            self.values[self._name] = given["value"]
            self._chosen = True

    def handle_data(self, data: str) -> None:
        if self._textarea is not None:
            self._textarea.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self._textarea is not None:
            self.values[self._name] = normal_breaks("".join(self._textarea)).removeprefix("\n")
            self._textarea = None


def controls(page: str) -> _Controls:
    """Read the page's controls: their values by name, their order of Tab, and which of them takes the focus."""
    # A parser of HTML sees no carriage return that was not escaped.
    read = _Controls()
    read.feed(normal_breaks(page))
    read.close()
    return read


def posted(page: str) -> dict[str, str]:
    """Return what the server receives when the page's form is submitted untouched."""
    return {_crlf(name): _crlf(value) for name, value in controls(page).values.items()}


def _crlf(text: str) -> str:
    return normal_breaks(text).replace("\n", "\r\n")
