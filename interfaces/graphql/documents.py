"""Documents: what clients send, parsed and validated once and then known by its hash."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, NamedTuple

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    get_operation_ast,
    parse,
    specified_rules,
    validate,
)
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from interfaces.graphql.limits import BODY_BYTES_MAX, TOKENS_MAX, TooMuch, check_cost, check_shape

KNOWN_MAX = 512
VALIDATION_RULES = (*specified_rules, MaybeNullValidationRule, OneOfInputValidationRule)


class NotADocument(Exception):
    """The text cannot be carried out; the errors say why."""

    def __init__(self, *errors: GraphQLError) -> None:
        super().__init__("; ".join(error.message for error in errors))
        self.errors = list(errors)


class Document(NamedTuple):
    """A valid document. `hash` is the SHA-256 of its text in hexadecimal digits."""

    hash: str
    text: str
    tree: DocumentNode

    def operation(self, name: str | None) -> OperationDefinitionNode:
        """The operation of that name, or the only one.

        Raises:
            NotADocument: there is no such operation, or several and no name.
        """
        found = get_operation_ast(self.tree, name or None)
        if found is None:
            raise NotADocument(
                invalid(
                    f"the document has no operation {name!r}"
                    if name
                    else "the document has several operations: say which by operationName"
                )
            )
        return found

    def is_query(self, name: str | None) -> bool:
        """Whether the operation only reads."""
        return self.operation(name).operation is OperationType.QUERY


def hash_of(text: str) -> str:
    """The hash by which a document is known."""
    return hashlib.sha256(text.encode()).hexdigest()


class Documents:
    """The documents known to this process; the longest unused are forgotten.

    Reading an unknown one can take a tenth of a second: that is for a thread.
    """

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema
        self._known: OrderedDict[str, Document] = OrderedDict()
        self._lock = threading.Lock()

    def known(self, digest: str) -> Document | None:
        """The document whose text has this hash, if it was here before."""
        with self._lock:
            found = self._known.get(digest)
            if found is not None:
                self._known.move_to_end(digest)
        return found

    def of(self, text: str) -> Document:
        """The document of this text, parsed and validated unless it is known.

        Raises:
            NotADocument: it does not parse, is not valid, or asks for too much.
        """
        digest = hash_of(text)
        found = self.known(digest)
        if found is None:
            found = Document(digest, text, self._read(text))
            with self._lock:
                self._known[digest] = found
                if len(self._known) > KNOWN_MAX:
                    self._known.popitem(last=False)
        return found

    def _read(self, text: str) -> DocumentNode:
        try:
            tree = parse(
                text,
                max_lexical_tokens=TOKENS_MAX,
                max_comments=TOKENS_MAX,
                max_source_length=BODY_BYTES_MAX,
            )
            check_shape(tree)
        except TooMuch as error:
            raise NotADocument(error) from None
        except GraphQLError as error:
            # The parser tells its limits apart from a slip of the pen only by words.
            code = "too_much" if "Parsing aborted" in error.message else "not_a_document"
            raise NotADocument(_coded(error, code)) from None
        errors = validate(self._schema, tree, VALIDATION_RULES, max_errors=10)
        if errors:
            raise NotADocument(*(_coded(error, "invalid_document") for error in errors))
        return tree

    def check_cost(
        self, document: Document, operation: str | None, variables: Mapping[str, Any]
    ) -> None:
        """Lets the operation pass if it does not come to too many fields.

        Raises:
            NotADocument: it does.
        """
        try:
            check_cost(self._schema, document.tree, document.operation(operation), variables)
        except TooMuch as error:
            raise NotADocument(error) from None


def invalid(message: str) -> GraphQLError:
    return GraphQLError(message, extensions={"code": "invalid_document"})


def _coded(error: GraphQLError, code: str) -> GraphQLError:
    return GraphQLError(
        error.message,
        nodes=error.nodes,
        source=error.source,
        positions=error.positions,
        extensions={"code": code},
    )
