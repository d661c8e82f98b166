"""Models that say what they were told to say, for the frameworks that the adapters speak to."""

import json
from typing import Any

from agents import Model, ModelResponse, Usage
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from openai.types.responses import ResponseFunctionToolCall, ResponseOutputMessage, ResponseOutputText


class ScriptedChat(BaseChatModel):
    """For LangChain: says these messages, in order."""

    turns: list[AIMessage]

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def bind_tools(self, *_: Any, **__: Any) -> Any:
        return self

    def _generate(self, messages: list[BaseMessage], *_: Any, **__: Any) -> ChatResult:
        said = sum(isinstance(message, AIMessage) for message in messages)
        return ChatResult(generations=[ChatGeneration(message=self.turns[said])])


class ScriptedAgentModel(Model):
    """For the OpenAI Agents SDK: makes these calls of `refund`, turn by turn, and keeps what it is told."""

    def __init__(self, turns: list[list[dict[str, Any]]]) -> None:
        self.turns = iter(turns)
        self.number = 0
        self.told: list[str] = []

    async def get_response(self, *given: Any, **named: Any) -> ModelResponse:
        items = named["input"] if "input" in named else given[1]
        self.told = [str(item["output"]) for item in items if item.get("type") == "function_call_output"]
        output: list[Any] = []
        for arguments in next(self.turns, []):
            self.number += 1
            asked = json.dumps(arguments)
            call = ResponseFunctionToolCall(
                type="function_call", call_id=f"call-{self.number}", name="refund", arguments=asked
            )
            output.append(call)
        if not output:
            text = ResponseOutputText(text="Done.", type="output_text", annotations=[])
            output = [
                ResponseOutputMessage(id="m", type="message", role="assistant", status="completed", content=[text])
            ]
        return ModelResponse(output=output, usage=Usage(), response_id=None)

    def stream_response(self, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError
