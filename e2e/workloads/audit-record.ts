/** Record types of Landlock (linux/audit.h): a denial, and the first word of a domain, which names its process. */
const denialType = 1423;
const domainType = 1424;

/** A Landlock denial as the kernel recorded it. */
export interface DenialRecord {
  kind: "denial";
  /** Hexadecimal number of the domain that denied. */
  domain: string;
  /** Rights that were missing, as the kernel names them: `fs.make_reg`, `net.bind_tcp`, `scope.signal`. */
  blockers: string[];
  /** What was denied, as the process sees it: a path, for what is made or removed that of its directory; or a port. */
  target: string;
}

/** A domain's introduction: the process that restricted itself. */
export interface DomainRecord {
  kind: "domain";
  domain: string;
  /** In the initial process namespace. */
  pid: number;
}

/** Parses a line `type=NUMBER audit(TIME:SERIAL): FIELDS` of audit-trail.c; undefined when it is not about Landlock. */
export function parseAuditRecord(line: string): DenialRecord | DomainRecord | undefined {
  const match = /^type=(\d+) audit\([^)]*\): (.*)$/s.exec(line);
  const type = Number(match?.[1]);
  const fields = parseFields(match?.[2] ?? "");
  const domain = fields.get("domain");
  if (domain === undefined) {
    return undefined;
  }
  if (type === denialType) {
    const target = fields.get("path") ?? fields.get("dest") ?? fields.get("src") ?? fields.get("ocomm") ?? "";
    return { kind: "denial", domain, blockers: (fields.get("blockers") ?? "").split(","), target };
  }
  const pid = Number(fields.get("pid"));
  return type === domainType && Number.isInteger(pid) ? { kind: "domain", domain, pid } : undefined;
}

// `name=value`, `name="value"`, or `name=HEX` for text with characters that would need quoting.
function parseFields(text: string): Map<string, string> {
  const fields = new Map<string, string>();
  for (const [, name = "", quoted, bare = ""] of text.matchAll(/(\w+)=(?:"([^"]*)"|(\S+))/g)) {
    fields.set(name, quoted ?? (name === "path" || name === "ocomm" ? fromHex(bare) : bare));
  }
  return fields;
}

function fromHex(value: string): string {
  return /^(?:[0-9A-F]{2})+$/.test(value) ? Buffer.from(value, "hex").toString() : value;
}
