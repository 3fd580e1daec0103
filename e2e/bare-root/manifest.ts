/** A capability manifest as the launcher reads it; only what tests write. */
export interface Manifest {
  version?: string;
  filesystem?: { grants: Grant[]; deny?: { path: string }[] };
  network?: { mode?: string; ports?: { connect?: number[]; bind?: number[] } };
  kubefence?: { exceptions?: string[] };
}

export interface Grant {
  path: string;
  access: "read" | "write" | "readwrite";
}

/** What a program needs to start at all in a bare root: the programs, /proc and the null device. */
const basis: Grant[] = [
  { path: "/bin", access: "read" },
  { path: "/proc", access: "read" },
  { path: "/dev/null", access: "readwrite" },
];

/** A manifest that grants the basis and what `grants` spells, such as `r /app` or `rw $WORKDIR`. */
export function manifestOf(grants: string[], exceptions: string[] = []): Manifest {
  return { filesystem: { grants: [...basis, ...grants.map(parseGrant)] }, kubefence: { exceptions } };
}

const accesses: ReadonlyMap<string | undefined, Grant["access"]> = new Map([
  ["r", "read"],
  ["w", "write"],
  ["rw", "readwrite"],
]);

function parseGrant(text: string): Grant {
  const [letters, path] = text.split(" ");
  const access = accesses.get(letters);
  if (access === undefined || path === undefined) {
    throw new Error(`not a grant: ${text}`);
  }
  return { path, access };
}
