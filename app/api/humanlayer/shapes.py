"""Shapes of the HumanLayer SDK, as it sends and reads them. What it may add later is kept and given back."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from app.api.v1.shapes.parts import Name, Text

CallId = Annotated[str, Field(min_length=1, max_length=200)]


class _Loose(BaseModel):
    """Base of what the SDK sends: it fills in nulls, and knows keys that mean nothing here."""

    model_config = ConfigDict(extra="allow", strict=True)


class OptionIn(_Loose):
    """One of the ways in which a person may say no, or answer."""

    name: Name
    title: Annotated[str, Field(max_length=200)] | None = None
    description: Text | None = None


class FunctionSpec(_Loose):
    """The call that wants approval."""

    fn: Name
    kwargs: dict[str, Any]
    channel: dict[str, Any] | None = None
    reject_options: Annotated[list[OptionIn], Field(max_length=50)] | None = None
    state: dict[str, Any] | None = None


class FunctionCallIn(_Loose):
    """A function call that waits for a person."""

    run_id: CallId
    call_id: CallId
    spec: FunctionSpec


class ContactSpec(_Loose):
    """The question to a person."""

    msg: Text
    subject: Annotated[str, Field(max_length=200)] | None = None
    channel: dict[str, Any] | None = None
    response_options: Annotated[list[OptionIn], Field(max_length=50)] | None = None
    state: dict[str, Any] | None = None


class ContactIn(_Loose):
    """A question that waits for a person."""

    run_id: CallId
    call_id: CallId
    spec: ContactSpec


class CallPath(BaseModel):
    """The id that the SDK gave its call."""

    call_id: CallId


class FunctionStatus(BaseModel):
    """What became of a call: `approved` is null until the decision is final."""

    requested_at: str
    responded_at: str | None
    approved: bool | None
    comment: str | None
    reject_option_name: str | None


class FunctionCallOut(BaseModel):
    """A function call, as it was sent, with its status."""

    run_id: str
    call_id: str
    spec: dict[str, Any]
    status: FunctionStatus


class ContactStatus(BaseModel):
    """What became of a question: `response` is null until there is an answer."""

    requested_at: str
    responded_at: str | None
    response: str | None
    response_option_name: str | None


class ContactOut(BaseModel):
    """A question, as it was sent, with its status."""

    run_id: str
    call_id: str
    spec: dict[str, Any]
    status: ContactStatus
