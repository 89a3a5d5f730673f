"""Limits: how much one document may ask for, told in words to whoever asks for more.

Shape (depth, aliases, repeated fields) is checked before validation, whose effort grows with
the square of repeated fields; cost needs a validated document and its variables.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLField,
    GraphQLList,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
)

BODY_BYTES_MAX = 100_000
TOKENS_MAX = 1_500
DEPTH_MAX = 10
INTROSPECTION_DEPTH_MAX = 20
"""Introspection nests deeper by nature; the validation rules keep its lists from multiplying."""
ALIASES_MAX = 30
REPEATS_MAX = 10
COST_MAX = 20_000
LIST_ASSUMED = 5
"""Entries that a list without `first` is taken to have."""


class TooMuch(GraphQLError):
    """The document asks for more than one request may."""

    def __init__(self, what: str, found: int, most: int) -> None:
        super().__init__(
            f"the document's {what} is {found}, and {most} is the most: ask for less at once",
            extensions={"code": "too_much", "limit": what, "found": found, "most": most},
        )


class _Shape:
    """What a document looks like, found in one walk over each operation and fragment."""

    def __init__(self, document: DocumentNode) -> None:
        self.fragments = {
            node.name.value: node
            for node in document.definitions
            if isinstance(node, FragmentDefinitionNode)
        }
        self.aliases = 0
        self.repeats = 0
        self._depths: dict[str, int] = {}

    def depth(
        self, selections: SelectionSetNode | None, inside: frozenset[str] = frozenset(), at: int = 0
    ) -> int:
        """How many fields lie within one another; a fragment within itself counts once."""
        if selections is None or at > DEPTH_MAX + INTROSPECTION_DEPTH_MAX:
            # So deep that it is refused anyway, and that walking on could be costly.
            return 0
        deepest = 0
        names: Counter[str] = Counter()
        for node in selections.selections:
            match node:
                case FieldNode():
                    names[node.name.value] += 1
                    self.aliases += node.alias is not None
                    below = 1 + self.depth(node.selection_set, inside, at + 1)
                    if node.name.value.startswith("__"):
                        below = max(0, below - INTROSPECTION_DEPTH_MAX + DEPTH_MAX)
                case FragmentSpreadNode():
                    below = self._depth_of(node.name.value, inside, at)
                case InlineFragmentNode():
                    below = self.depth(node.selection_set, inside, at)
                case _:
                    below = 0
            deepest = max(deepest, below)
        self.repeats = max(self.repeats, *names.values(), 0)
        return deepest

    def _depth_of(self, name: str, inside: frozenset[str], at: int) -> int:
        if name in inside or name not in self.fragments:
            return 0
        if name not in self._depths:
            fragment = self.fragments[name]
            self._depths[name] = self.depth(fragment.selection_set, inside | {name}, at)
        return self._depths[name]


def check_shape(document: DocumentNode) -> None:
    """Lets only documents pass that are cheap to validate and not too deep.

    Raises:
        TooMuch: depth, aliases or repeated fields are beyond the limit.
    """
    shape = _Shape(document)
    for node in document.definitions:
        if isinstance(node, OperationDefinitionNode):
            depth = shape.depth(node.selection_set)
            if depth > DEPTH_MAX:
                raise TooMuch("depth", depth, DEPTH_MAX)
    if shape.aliases > ALIASES_MAX:
        raise TooMuch("number of aliases", shape.aliases, ALIASES_MAX)
    if shape.repeats > ALIASES_MAX + REPEATS_MAX:
        raise TooMuch("number of repeated fields", shape.repeats, ALIASES_MAX + REPEATS_MAX)


class _Cost:
    """Counts the fields that an operation may come to: rows times fields."""

    def __init__(
        self, schema: GraphQLSchema, document: DocumentNode, variables: Mapping[str, Any]
    ) -> None:
        self._schema = schema
        self._variables = variables
        self._fragments = {
            node.name.value: node
            for node in document.definitions
            if isinstance(node, FragmentDefinitionNode)
        }

    def of(
        self, selections: SelectionSetNode, parent: GraphQLOutputType | None, rows: int | None
    ) -> int:
        """The cost of a selection; `rows` is what the enclosing field limited its lists to."""
        total = 0
        for node in selections.selections:
            match node:
                case FieldNode():
                    total += self._of_field(node, parent, rows)
                case FragmentSpreadNode():
                    fragment = self._fragments[node.name.value]
                    total += self.of(fragment.selection_set, parent, rows)
                case InlineFragmentNode():
                    total += self.of(node.selection_set, parent, rows)
            if total > COST_MAX:
                # Enough is known, and fragments could make counting on costly itself.
                break
        return total

    def _of_field(self, node: FieldNode, parent: GraphQLOutputType | None, rows: int | None) -> int:
        if node.name.value.startswith("__") or not isinstance(parent, GraphQLObjectType):
            return 1
        field = parent.fields[node.name.value]
        if node.selection_set is None:
            return 1
        within = self._first(node, field)
        times = 1
        if isinstance(get_nullable_type(field.type), GraphQLList):
            times = LIST_ASSUMED if rows is None else rows
        elif within is None:
            # The list that `first` is about may lie deeper, as that of a board does.
            within = rows
        return 1 + times * self.of(node.selection_set, get_named_type(field.type), within)

    def _first(self, node: FieldNode, field: GraphQLField) -> int | None:
        """How many rows the field is asked for, or None if it takes no such argument."""
        if "first" not in field.args:
            return None
        first: Any = field.args["first"].default_value
        for argument in node.arguments or ():
            if argument.name.value == "first":
                match argument.value:
                    case IntValueNode():
                        first = int(argument.value.value)
                    case VariableNode():
                        first = self._variables.get(argument.value.name.value, first)
        return max(first, 1) if isinstance(first, int) else LIST_ASSUMED


def check_cost(
    schema: GraphQLSchema,
    document: DocumentNode,
    operation: OperationDefinitionNode,
    variables: Mapping[str, Any],
) -> None:
    """Lets only operations pass that come to a bearable number of fields.

    Raises:
        TooMuch: rows times fields are beyond the limit.
    """
    root = schema.get_root_type(operation.operation)
    defaults = {
        definition.variable.name.value: int(definition.default_value.value)
        for definition in operation.variable_definitions or ()
        if isinstance(definition.default_value, IntValueNode)
    }
    cost = _Cost(schema, document, {**defaults, **variables})
    found = cost.of(operation.selection_set, root, None)
    if found > COST_MAX:
        raise TooMuch("cost (rows times fields)", found, COST_MAX)
