"""The grammar, in lark's notation.

It describes the shape of rules only. The parameters of each rule type are checked afterwards, where
messages can name the type.
"""

GRAMMAR = r"""
start: section*
?section: constant | default_labels | rules | analyzers

constant: NAME "=" (STRING | strings)
strings: "[" STRING ("," STRING)* "]"
default_labels: "DefaultLabels" "=" label_list
rules: "Rules" "=" "[" [_node ("," _node)*] "]"
analyzers: "Analyzers" "=" "[" [rule ("," rule)*] "]"

_node: rule | composite
composite: any_of [labels]
any_of: all_of (_or all_of)*
all_of: group (_and group)*
group: "(" _node ")"

rule: NAME ["of"] parameters [condition] [where] tag* [labels]
parameters: (STRING | NAME | NUMBER | constant_name)*
where: "where" (STRING | constant_name)
?tag: threshold | option
threshold: "with" "threshold" condition
option: "with" NAME "=" (STRING | NUMBER)
labels: "labels" "=" label_list
label_list: "[" label ("," label)* "]"
label: STRING "=" STRING

?condition: comparison | between | membership | matches
comparison: operator _operand
!operator: "=" | UNEQUAL | ">" | GREATER_OR_EQUAL | "<" | LESS_OR_EQUAL
between: [NOT] "between" _operand _and _operand
membership: [NOT] "in" ("[" _operand ("," _operand)* "]" | constant_name)
matches: [NOT] "matches" (STRING | constant_name)

_operand: sum
?sum: product | sum (PLUS | MINUS) product
?product: factor | product (TIMES | OVER) factor
?factor: MINUS factor -> negative | _atom
_atom: number | quantity | call | word | text | constant_name | "(" sum ")"
number: NUMBER
quantity: NUMBER UNIT
call: NAME "(" [sum ("," sum)*] ")"
word: NAME
text: STRING
constant_name: "$" NAME

_and: "and" | UPPER_AND
_or: "or" | UPPER_OR

UNEQUAL: "!="
GREATER_OR_EQUAL: ">="
LESS_OR_EQUAL: "<="
UPPER_AND: "AND"
UPPER_OR: "OR"
NOT: "not"
PLUS: "+"
MINUS: "-"
TIMES: "*"
OVER: "/"
UNIT.1: /(?:days|hours|minutes|[KMGT]?B)\b/
NAME: /[A-Za-z_][A-Za-z0-9_.]*/
NUMBER: /[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/
STRING: /"(?:\\.|[^"\\])*"/s
COMMENT: /#[^\n]*/
SPACE: /\s+/
%ignore COMMENT
%ignore SPACE
"""
