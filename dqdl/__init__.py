"""The language of data-quality rules: DQDL, as in AWS Glue Data Quality.

    >>> ruleset = parse('Rules = [ IsComplete "id", RowCount > 0 ]')
    >>> [rule.text for rule in ruleset.rules]
    ['IsComplete "id"', 'RowCount > 0']

Rules are parsed when the CDK synthesizes and checks contracts, and again in the Glue job; so this
package imports neither pyspark nor boto3 nor aws_cdk. docs/dqdl.md says what is supported.
"""

from dqdl.building import parse, parse_rule
from dqdl.columns import columns_of
from dqdl.errors import DqdlError
from dqdl.rule_types import RuleType
from dqdl.spelling import spell
from dqdl.syntax import Analyzer, Composite, Place, Rule, Ruleset, leaves_of

__all__ = [
    "Analyzer",
    "Composite",
    "DqdlError",
    "Place",
    "Rule",
    "RuleType",
    "Ruleset",
    "columns_of",
    "leaves_of",
    "parse",
    "parse_rule",
    "spell",
]
