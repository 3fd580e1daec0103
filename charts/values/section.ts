/** The building blocks of the chart's values: a Zod schema in which every value has a default and an effect. */
import { z } from "zod";

/** Values by name, each with `.default()` and `.describe()`; a nested section has a `.describe()`. */
export type Section = z.ZodObject<Readonly<Record<string, z.ZodType>>>;

export const profileName: RegExp = /^[a-zA-Z0-9][a-zA-Z0-9_-]{0,63}$/;

/** An object of values. Unknown keys are refused: a typing error would otherwise be a setting that is silently off. */
export function section<Shape extends z.ZodRawShape>(description: string, shape: Shape): z.ZodObject<Shape> {
  return z.strictObject(shape).describe(description);
}

/** A map with keys of the user's choice. */
export function mapOf<Value extends z.ZodType>(value: Value): z.ZodRecord<z.ZodString, Value> {
  return z.record(z.string(), value);
}

/** A Kubernetes object that the API server checks; here only that it is an object. */
export function kubernetesObject(): z.ZodRecord<z.ZodString, z.ZodUnknown> {
  return mapOf(z.unknown());
}

export function absolutePath(): z.ZodString {
  return z.string().regex(/^\/.*$/, "must be an absolute path");
}

/** One value or one nested section of a section. */
export type Entry = { readonly name: string; readonly path: string; readonly description: string } & (
  | { readonly kind: "section"; readonly entries: readonly Entry[] }
  | { readonly kind: "value"; readonly initial: unknown }
);

/** Walks a section in the order in which it was written. Throws if a value has no description or no default. */
export function entriesOf(parent: Section, prefix = ""): Entry[] {
  const shape: Readonly<Record<string, z.ZodType>> = parent.shape;
  return Object.entries(shape).map(([name, schema]): Entry => {
    const path = `${prefix}${name}`;
    const { description } = schema;
    if (description === undefined) throw new Error(`value ${path} has no description`);
    if (schema instanceof z.ZodObject) {
      return { name, path, description, kind: "section", entries: entriesOf(schema, `${path}.`) };
    }
    return { name, path, description, kind: "value", initial: schema.parse(undefined) };
  });
}
