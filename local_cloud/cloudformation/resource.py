"""Adds resource types to moto's CloudFormation, or replaces them."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from moto.cloudformation.exceptions import UnformattedGetAttTemplateException
from moto.core.common_models import CloudFormationModel
from moto.utilities.utils import get_partition

Properties = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a stack is deployed."""

    account: str
    region: str

    @property
    def partition(self) -> str:
        return get_partition(self.region)


Create = Callable[[str, Properties, Place], Any]
"""Makes a resource from its name and its properties, in which all references are resolved."""


class Resource:
    """A deployed resource: what `Ref` and `Fn::GetAtt` answer. It ends with its cloud."""

    def __init__(self, physical_id: str, attributes: dict[str, str] | None = None) -> None:
        self.physical_resource_id = physical_id
        self._attributes = attributes or {}

    def get_cfn_attribute(self, name: str) -> str:
        if name not in self._attributes:
            raise UnformattedGetAttTemplateException
        return self._attributes[name]

    def is_created(self) -> bool:
        return True


def resource_type(
    name: str, *, name_property: str = "", attributes: Collection[str] = ()
) -> Callable[[Create], Create]:
    """Mark a function as the maker of all resources of a type.

    moto finds types as direct subclasses of its own, in a module that is named after the
    service (`<package>.<service>.<module>`); the one that is defined last counts.
    """

    def register(create: Create) -> Create:
        def create_from_json(
            resource_name: str, json: dict[str, Any], account: str, region: str, **_: object
        ) -> Any:
            place = Place(account=account, region=region)
            return create(resource_name, json.get("Properties", {}), place)

        members = {
            "__module__": create.__module__,
            "__doc__": create.__doc__,
            "cloudformation_type": staticmethod(lambda: name),
            "cloudformation_name_type": staticmethod(lambda: name_property),
            "has_cfn_attr": staticmethod(lambda attribute: attribute in attributes),
            "create_from_cloudformation_json": staticmethod(create_from_json),
        }
        _types.append(type(name.replace("::", ""), (CloudFormationModel,), members))
        return create

    return register


_types: list[type] = []
"""Keeps the types alive: a class refers to its subclasses only weakly."""
