/**
 * Says in plain words what the Jinja library says in its own: the names of its token and value types, such as
 * CloseExpression or StringValue, mean nothing to the author of a template. Other messages stay as they are.
 */
export function plainWords(message: string): string {
  const sentence = SENTENCES.reduce((text, [form, words]) => text.replace(form, words), message);
  return sentence
    .replace(TYPE, (type) => TYPES[type] ?? type)
    .replace(/\b[A-Z][a-z]+(?:[A-Z]\w+)+\b/g, "an expression");
}

/** The sentences of the library that are no sentences for a person. Types are replaced afterwards. */
const SENTENCES: readonly (readonly [RegExp, string])[] = [
  [/^Parser Error: .*\. (\w+) !== (\w+)\.$/, "expected $2, found $1"],
  [/^Unexpected token(?: type)?: (\w+)$/, "$1 is not expected here"],
  [/^Unexpected character: (.*)$/s, "the character $1 is not expected here"],
  [/^Unexpected end of input$/, "a quotation mark or a bracket is not closed"],
  [/^Unknown (\w+) filter: (\w+)$/, 'there is no filter "$2" for $1'],
  [/^Cannot apply filter "(\w+)" to type: (\w+)$/, 'the filter "$1" cannot be applied to $2'],
  [/^Unknown test: (\w+)$/, 'there is no test "$1"'],
  [/^Unknown statement type: (\w+)$/, 'there is no statement "$1"'],
  [/^Unknown (?:statement, got|expression type:|node type:|filter:) (\w+)$/, "$1 is not expected here"],
  [
    /^Cannot call something that is not a function: got UndefinedValue$/,
    "a name that is not defined is called like a function",
  ],
  [/^Cannot call something that is not a function: got (\w+)$/, "$1 cannot be called, since it is no function"],
  [/^Expected iterable or object type in for loop: got (\w+)$/, "a loop needs a list or a mapping, found $1"],
  [/^Unknown operator "(.*)" (?:between (\w+) and (\w+))$/, 'the operator "$1" cannot join $2 and $3'],
  [/^Invalid LHS inside assignment expression: .*$/s, "the left side of an assignment must be a name"],
  [/\bnon-iterable type\b/g, "a value that is no list"],
  [/\bnon-identifier type\b/g, "a value that is no name"],
  [/[,:]? ?\bgot (\w+)(?: instead)?$/, ", found $1"],
  [/^Cannot convert to runtime value: /, "this kind of value cannot be used: "],
];

const TYPES: Readonly<Record<string, string>> = {
  StringValue: "a text",
  ArrayValue: "a list",
  TupleValue: "a list",
  ObjectValue: "a mapping",
  IntegerValue: "a number",
  FloatValue: "a number",
  NumericValue: "a number",
  BooleanValue: "true or false",
  NullValue: "none",
  UndefinedValue: "nothing",
  FunctionValue: "a function",
  KeywordArgumentsValue: "named arguments",
  SliceValue: "a slice",
  NamespaceValue: "a namespace",
  RuntimeValue: "a value",
  EOF: "the end",
  Text: "text",
  NumericLiteral: "a number",
  StringLiteral: "a text in quotation marks",
  Identifier: "a name",
  Equals: '"="',
  OpenParen: '"("',
  CloseParen: '")"',
  OpenStatement: '"{%"',
  CloseStatement: '"%}"',
  OpenExpression: '"{{"',
  CloseExpression: '"}}"',
  OpenSquareBracket: '"["',
  CloseSquareBracket: '"]"',
  OpenCurlyBracket: '"{"',
  CloseCurlyBracket: '"}"',
  Comma: '","',
  Dot: '"."',
  Colon: '":"',
  Pipe: '"|"',
  CallOperator: "a call",
  AdditiveBinaryOperator: "an operator",
  ComparisonBinaryOperator: "an operator",
  ExponentialBinaryOperator: "an operator",
  UnaryOperator: "an operator",
  MultiplicativeBinaryOperator: "an operator",
  Comment: "a comment",
  MemberExpression: "a member",
  CallExpression: "a call",
  IntegerLiteral: "a number",
  FloatLiteral: "a number",
  ArrayLiteral: "a list",
  TupleLiteral: "a list",
  ObjectLiteral: "a mapping",
};

const TYPE = new RegExp(`\\b(?:${Object.keys(TYPES).join("|")})\\b`, "g");
