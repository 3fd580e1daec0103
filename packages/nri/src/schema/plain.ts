/** The fields of a view that differ from their defaults, as an object of plain values. */
export function plain(view: object): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  const getters = Object.getOwnPropertyDescriptors(Object.getPrototypeOf(view));
  for (const [name, descriptor] of Object.entries(getters)) {
    if (descriptor.get === undefined) continue;
    const value: unknown = descriptor.get.call(view);
    if (!isDefault(value)) result[name] = plainValue(value);
  }
  return result;
}

function isDefault(value: unknown): boolean {
  if (value === undefined || value === "" || value === 0 || value === 0n || value === false) return true;
  if (value instanceof Map) return value.size === 0;
  return Array.isArray(value) && value.length === 0;
}

function plainValue(value: unknown): unknown {
  if (typeof value === "bigint") return value.toString();
  if (Array.isArray(value)) return value.map(plainValue);
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, item]) => [key, plainValue(item)]));
  if (typeof value === "object" && value !== null) return plain(value);
  return value;
}
