"""The schema put together from its parts, and how operations on it are run."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterable, Iterator
from typing import Any

import strawberry
from graphql import GraphQLError, GraphQLSchema, OperationType
from strawberry.extensions import SchemaExtension
from strawberry.schema.schema import StreamResult
from strawberry.types import ExecutionContext, ExecutionResult
from strawberry.types.execution import PreExecutionError, StreamExecutionResult
from strawberry.types.graphql import OperationType as AllowedType

from interfaces.graphql.activities import ActivityQueries
from interfaces.graphql.attributions import AttributionQueries
from interfaces.graphql.boards import BoardQueries
from interfaces.graphql.books import BookQueries
from interfaces.graphql.corrections import CorrectionQueries
from interfaces.graphql.documents import Documents, NotADocument, invalid
from interfaces.graphql.errors import for_client
from interfaces.graphql.exits import ExitQueries
from interfaces.graphql.explaining import ExplainQueries
from interfaces.graphql.exposures import ExposureQueries
from interfaces.graphql.flags import FlagQueries
from interfaces.graphql.frozen import FrozenQueries
from interfaces.graphql.kinds import CONFIG
from interfaces.graphql.listening import Listening
from interfaces.graphql.log import LogQueries
from interfaces.graphql.mutations import Mutation
from interfaces.graphql.orders import OrderQueries
from interfaces.graphql.people import PeopleQueries
from interfaces.graphql.ranking_rules import RulesQueries
from interfaces.graphql.risks import RiskQueries
from interfaces.graphql.scenarios import ScenarioQueries
from interfaces.graphql.signals import SignalQueries
from interfaces.graphql.subscriptions import Subscription
from interfaces.graphql.tape import TapeQueries
from interfaces.graphql.traders import TraderQueries
from interfaces.graphql.volatilities import VolatilityQueries


@strawberry.type(
    description="What is on record. Every list goes on after a cursor; `asOf` answers as it was "
    "known at a position of the tape."
)
class Query(
    SignalQueries,
    CorrectionQueries,
    OrderQueries,
    BookQueries,
    ExitQueries,
    ActivityQueries,
    RiskQueries,
    ExposureQueries,
    ScenarioQueries,
    AttributionQueries,
    VolatilityQueries,
    BoardQueries,
    RulesQueries,
    FrozenQueries,
    FlagQueries,
    PeopleQueries,
    TraderQueries,
    TapeQueries,
    ExplainQueries,
    LogQueries,
):
    pass


class KnownDocument(SchemaExtension):
    """Runs operations on documents that were parsed and validated before."""

    def on_parse(self) -> Iterator[None]:
        context = self.execution_context
        assert context.query is not None
        context.graphql_document = context.context.documents.of(context.query).tree
        context.pre_execution_errors = []
        yield

    def on_stream_result(self, result: StreamExecutionResult) -> Iterator[None]:
        if isinstance(result, ExecutionResult) and result.errors:
            result.errors = [for_client(error) for error in result.errors]
        yield


class TruetapeSchema(strawberry.Schema):
    """The schema; its errors are logged where they are put into words, and nowhere else."""

    @property
    def core(self) -> GraphQLSchema:
        """The same schema as the library below knows it."""
        return self._schema

    def process_errors(
        self,
        errors: list[GraphQLError],  # noqa: ARG002
        execution_context: ExecutionContext | None = None,  # noqa: ARG002
    ) -> None:
        return

    async def stream(
        self,
        query: str | None,
        variable_values: dict[str, Any] | None = None,
        context_value: Any | None = None,
        root_value: Any | None = None,
        operation_name: str | None = None,
        operation_extensions: dict[str, Any] | None = None,
        allowed_operation_types: Iterable[AllowedType] | None = None,
    ) -> StreamResult:
        """Runs a subscription, if its document is sound and not too much."""
        assert isinstance(context_value, Listening)
        try:
            await asyncio.to_thread(
                _check_subscription,
                context_value.documents,
                query or "",
                operation_name,
                variable_values or {},
            )
        except NotADocument as error:
            return _refused(error.errors)
        return await super().stream(
            query,
            variable_values,
            context_value,
            root_value,
            operation_name,
            operation_extensions,
            allowed_operation_types,
        )


def _check_subscription(
    documents: Documents, text: str, operation: str | None, variables: dict[str, Any]
) -> None:
    document = documents.of(text)
    if document.operation(operation).operation is not OperationType.SUBSCRIPTION:
        raise NotADocument(
            invalid("only subscriptions run over this connection: POST queries and mutations")
        )
    documents.check_cost(document, operation, variables)


async def _refused(errors: list[GraphQLError]) -> AsyncGenerator[StreamExecutionResult, None]:
    yield PreExecutionError(data=None, errors=errors)


SCHEMA = TruetapeSchema(
    query=Query,
    mutation=Mutation,
    subscription=Subscription,
    extensions=[KnownDocument],
    config=CONFIG,
)
