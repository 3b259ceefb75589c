import { z } from "zod";

/** Lists the keys that a schema knows at a path, looking through optionals, unions and transforms. */
export function knownKeys(schema: z.ZodType, path: readonly PropertyKey[]): readonly string[] {
  const [head, ...rest] = path;
  const objects = objectsIn(schema);
  const records = recordsIn(schema);
  if (head === undefined) return [...new Set(objects.flatMap((object) => Object.keys(object.shape)))];
  if (typeof head === "number") return arraysIn(schema).flatMap((array) => knownKeys(array.element as z.ZodType, rest));
  const inRecords = records.flatMap((record) => knownKeys(record.valueType as z.ZodType, rest));
  return objects
    .flatMap((object) => {
      const child = object.shape[String(head)];
      return child === undefined ? [] : knownKeys(child as z.ZodType, rest);
    })
    .concat(inRecords);
}

function objectsIn(schema: z.ZodType): readonly z.ZodObject[] {
  if (schema instanceof z.ZodObject) return [schema];
  if (schema instanceof z.ZodOptional) return objectsIn(schema.unwrap() as z.ZodType);
  if (schema instanceof z.ZodUnion) return schema.options.flatMap((option) => objectsIn(option as z.ZodType));
  return [];
}

function arraysIn(schema: z.ZodType): readonly z.ZodArray[] {
  if (schema instanceof z.ZodArray) return [schema];
  return schema instanceof z.ZodOptional ? arraysIn(schema.unwrap() as z.ZodType) : [];
}

function recordsIn(schema: z.ZodType): readonly z.ZodRecord[] {
  if (schema instanceof z.ZodRecord) return [schema];
  return schema instanceof z.ZodOptional ? recordsIn(schema.unwrap() as z.ZodType) : [];
}
