import { AMPLIFIERS, type Arguments, boundResult } from "./amplify.ts";
import { Interpreter, type JinjaNode, type Scope, type Value } from "./library.ts";
import { LIMITS, LimitExceeded } from "./limits.ts";
import { type AppliedFilter, filterName, measureTree, type NodeOf, PRINTED } from "./nodes.ts";
import { countElements, createScale, isComposite, isList, isText } from "./values.ts";

/**
 * The library's interpreter with limits. Every evaluation of a node costs work, more where the library does more for it, and
 * every value is weighed as soon as it exists. Operations whose result can be far larger than what goes in are judged before
 * they run: their operands are evaluated first and handed to the library as constants. Throws LimitExceeded.
 */
export class BoundedInterpreter extends Interpreter {
  readonly #weigh = createScale((elements) => this.#spend(elements / 4));
  readonly #work: number;
  /** Methods of texts that were named without being called. The size of their text cannot be seen when they are called. */
  readonly #detached = new WeakSet<object>();
  #spent = 0;
  #depth = 0;

  /** `characters` is the size of the template's variables. */
  constructor(scope: Scope, characters: number) {
    super(scope);
    this.#work = LIMITS.work + LIMITS.workPerCharacter * characters;
  }

  override evaluate(statement: JinjaNode | undefined, scope: Scope): Value {
    if (statement === undefined) return super.evaluate(statement, scope);
    if (statement instanceof Constant) return statement.constant;
    this.#spend(1);
    if (++this.#depth > LIMITS.depth) throw tooDeep();
    try {
      const value = this.#evaluateNode(statement, scope);
      this.#check(value, statement);
      return value;
    } finally {
      this.#depth--;
    }
  }

  #evaluateNode(statement: JinjaNode, scope: Scope): Value {
    switch (statement.type) {
      case "Identifier": {
        const value = super.evaluate(statement, scope);
        // The library makes an error with its stack for each unknown name.
        if (value.type === "UndefinedValue") this.#spend(40);
        return value;
      }
      case "BinaryExpression":
        return this.#evaluateBinary(statement as NodeOf<"BinaryExpression">, scope);
      case "FilterExpression": {
        const { operand, filter } = statement as NodeOf<"FilterExpression">;
        return this.#applyFilter(this.evaluate(operand, scope), filter, scope);
      }
      case "FilterStatement": {
        const { body, filter } = statement as NodeOf<"FilterStatement">;
        return this.#applyFilter(this.evaluate(node({ type: "Program", body }), scope), filter, scope);
      }
      case "CallExpression":
        return this.#call(statement as NodeOf<"CallExpression">, scope);
      case "MemberExpression":
        return this.#evaluateMember(statement as NodeOf<"MemberExpression">, scope);
      case "For":
        return this.#loop(statement as NodeOf<"For">, scope);
      case "CallStatement":
        this.#refuseDetached(this.evaluate((statement as NodeOf<"CallStatement">).call.callee, scope));
        return this.#define(statement, scope);
      case "Macro":
        return this.#define(statement, scope);
      case "Break":
      case "Continue":
        this.#spend(20);
        return super.evaluate(statement, scope);
      default:
        return super.evaluate(statement, scope);
    }
  }

  #evaluateBinary(statement: NodeOf<"BinaryExpression">, scope: Scope): Value {
    const operator = statement.operator.value;
    if (operator === "and" || operator === "or") return super.evaluate(statement, scope);
    const left = this.evaluate(statement.left, scope);
    const right = this.evaluate(statement.right, scope);
    if (isComposite(left) || isComposite(right)) {
      // The library writes a list as a text to join it with a text or to compare the two.
      const written = operator === "~" || isText(left) || isText(right);
      const weight = written ? this.#weigh(left) + this.#weigh(right) : countElements(left) + countElements(right);
      this.#spend(weight / 4);
    }
    return super.evaluate(node({ ...statement, left: constant(left), right: constant(right) }), scope);
  }

  #applyFilter(operand: Value, filter: AppliedFilter, scope: Scope): Value {
    const name = filterName(filter);
    this.#spendOn(name, operand);
    let applied: object = filter;
    if (AMPLIFIERS.has(name)) {
      const given = this.#evaluateArguments(filter.type === "CallExpression" ? filter.args : [], scope);
      this.#refuseGrowth(name, operand, given.values);
      if (filter.type === "CallExpression") applied = { ...filter, args: given.constants };
    }
    const expression = { type: "FilterExpression", operand: constant(operand), filter: applied };
    return super.evaluate(node(expression), scope);
  }

  #call(statement: NodeOf<"CallExpression">, scope: Scope): Value {
    this.#spend(16);
    const { constants, values } = this.#evaluateArguments(statement.args, scope);
    const callee = this.#evaluateCallee(statement.callee, values, scope);
    refuseLongPairs(statement.callee, values);
    return super.evaluate(node({ ...statement, callee: constant(callee), args: constants }), scope);
  }

  #evaluateCallee(callee: JinjaNode, values: Arguments, scope: Scope): Value {
    if (callee.type !== "MemberExpression") return this.#refuseDetached(this.evaluate(callee, scope));
    const member = callee as NodeOf<"MemberExpression">;
    const owner = this.evaluate(member.object, scope);
    const slice = member.property.type === "SliceExpression";
    const property = member.computed && !slice ? constant(this.evaluate(member.property, scope)) : member.property;
    const method = super.evaluate(node({ ...member, object: constant(owner), property }), scope);
    const name = property instanceof Constant ? String(property.constant.value) : nameOf(property);
    this.#spendOn(name, owner);
    if (!isText(owner)) return this.#refuseDetached(method);
    this.#refuseGrowth(name, owner, values);
    return method;
  }

  #evaluateMember(statement: NodeOf<"MemberExpression">, scope: Scope): Value {
    if (statement.property.type === "SliceExpression") {
      const object = this.evaluate(statement.object, scope);
      // A slice of a text makes a list of all its characters first.
      this.#spend(isText(object) ? object.value.length / 4 : countElements(object) / 16);
      return super.evaluate(node({ ...statement, object: constant(object) }), scope);
    }
    const value = super.evaluate(statement, scope);
    if (value.type === "FunctionValue") this.#detached.add(value);
    return value;
  }

  #loop(statement: NodeOf<"For">, scope: Scope): Value {
    const { iterable } = statement;
    const selected = iterable.type === "SelectExpression" ? (iterable as NodeOf<"SelectExpression">) : null;
    const list = this.evaluate(selected?.lhs ?? iterable, scope);
    // Each turn of a loop makes scopes and the record "loop", also when the body is empty.
    this.#spend(20 * countElements(list));
    const given = selected === null ? constant(list) : { ...selected, lhs: constant(list) };
    return super.evaluate(node({ ...statement, iterable: given }), scope);
  }

  // The library goes through the body of a macro each time it meets the definition.
  #define(statement: JinjaNode, scope: Scope): Value {
    this.#spend(measureTree(statement).nodes);
    return super.evaluate(statement, scope);
  }

  /** Evaluates arguments in the library's order: first those by position, then those by name. */
  #evaluateArguments(
    args: readonly JinjaNode[],
    scope: Scope,
  ): { readonly constants: readonly object[]; readonly values: Arguments } {
    const constants: object[] = [...args];
    const positional: Value[] = [];
    const named = new Map<string, Value>();
    for (const [i, argument] of args.entries()) {
      if (argument.type === "KeywordArgumentExpression" || argument.type === "KeywordSpreadExpression") continue;
      const spread = argument.type === "SpreadExpression" ? (argument as NodeOf<"SpreadExpression">) : null;
      const value = this.evaluate(spread?.argument ?? argument, scope);
      constants[i] = spread === null ? constant(value) : { ...spread, argument: constant(value) };
      if (spread === null) positional.push(value);
      else if (isList(value)) for (const item of value.value) positional.push(item);
    }
    for (const [i, argument] of args.entries()) {
      if (argument.type === "KeywordArgumentExpression") {
        const { key, value } = argument as NodeOf<"KeywordArgumentExpression">;
        const given = this.evaluate(value, scope);
        named.set(key.value, given);
        constants[i] = { ...argument, value: constant(given) };
      } else if (argument.type === "KeywordSpreadExpression") {
        const record = this.evaluate((argument as NodeOf<"SpreadExpression">).argument, scope);
        if (record.value instanceof Map) for (const [key, value] of record.value) named.set(String(key), value);
        constants[i] = { ...argument, argument: constant(record) };
      }
    }
    return { constants, values: { positional, named } };
  }

  #check(value: Value, statement: JinjaNode): void {
    if (isText(value)) {
      if (value.value.length > LIMITS.characters) throw tooLarge();
      this.#spend(value.value.length / 1024);
    } else if (isComposite(value)) {
      const weight = this.#weigh(value);
      if (weight > LIMITS.characters) throw tooLarge();
      if (PRINTED in statement) this.#spend(weight / 4);
    }
  }

  #refuseGrowth(name: string, operand: Value, values: Arguments): void {
    if (AMPLIFIERS.has(name) && boundResult(name, operand, values, this.#weigh) > LIMITS.characters) throw tooLarge();
  }

  #refuseDetached(method: Value): Value {
    if (!this.#detached.has(method)) return method;
    throw new LimitExceeded("it calls a method that is stored in a variable; call the method on its text directly.");
  }

  /** Spends what a filter or method costs that goes through its whole operand. */
  #spendOn(name: string, operand: Value): void {
    this.#spend(this.#weigh(operand) / 16 + (SORTS.has(name) ? 4 * countElements(operand) : 0));
  }

  #spend(units: number): void {
    this.#spent += units;
    if (this.#spent <= this.#work) return;
    const limit = this.#work.toLocaleString("en");
    throw new LimitExceeded(`it needs more than ${limit} steps for one prompt; put fewer loops inside one another.`);
  }
}

/** A node that was evaluated already. */
class Constant {
  readonly type = "Constant";
  readonly constant: Value;

  constructor(value: Value) {
    this.constant = value;
  }
}

/** Makes a node of a value that was evaluated already. */
export function constant(value: Value): Constant {
  return new Constant(value);
}

/** Makes a node of its type and fields: the library needs no more, but its declarations ask for its classes. */
export function node(fields: object): JinjaNode {
  return fields as JinjaNode;
}

function nameOf(property: JinjaNode): string {
  return String(property["value"] ?? "");
}

const SORTS: ReadonlySet<string> = new Set(["sort", "dictsort"]);

// The library cuts each text in the list into its characters before it sees that a pair has two.
function refuseLongPairs(callee: JinjaNode, { positional: [list] }: Arguments): void {
  const long = isList(list) && list.value.some((pair) => isText(pair) && pair.value.length > 2);
  if (nameOf(callee) === "namespace" && long) throw new Error("namespace expected a list of [key, value] pairs");
}

function tooDeep(): LimitExceeded {
  return new LimitExceeded(
    `it goes more than ${LIMITS.depth} levels deep; end the macro that calls itself, or nest less.`,
  );
}

function tooLarge(): LimitExceeded {
  const limit = LIMITS.characters.toLocaleString("en");
  return new LimitExceeded(`a text or list of it has more than ${limit} characters; repeat or join less.`);
}
