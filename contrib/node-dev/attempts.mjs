// Attempts what a Node developer does, and what a bad package's postinstall script would do. One line each: ALLOWED or BLOCKED.
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import { homedir } from "node:os";
import { dirname } from "node:path";

const home = homedir();

function read(path) {
  fs.readFileSync(path);
}

/** Opens for writing without changing what is there; a new file is removed again. */
function write(path) {
  const isNew = !fs.existsSync(path);
  fs.mkdirSync(dirname(path), { recursive: true });
  fs.closeSync(fs.openSync(path, "a"));
  if (isNew) fs.rmSync(path);
}

function remove(path) {
  fs.rmSync(path);
}

function link(path) {
  const place = "/tmp/link";
  fs.symlinkSync(path, place);
  try {
    read(place);
  } finally {
    fs.rmSync(place);
  }
}

function start(commandLine) {
  const [program, ...args] = commandLine.split(" ");
  const { error, status } = spawnSync(program, args);
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`exit code ${status}`);
}

function chmod(path) {
  fs.chmodSync(path, fs.statSync(path).mode);
}

const attempts = [
  { attempt: start, what: "node --version" },
  { attempt: read, what: "/etc/passwd" },
  { attempt: write, what: "/app/node_modules/left-pad/index.js" },
  { attempt: write, what: "/tmp/scratch" },
  { attempt: write, what: `${home}/.npm/_cacache/index` },
  { attempt: read, what: `${home}/.npmrc` },
  { attempt: read, what: `${home}/.ssh/id_ed25519` },
  { attempt: read, what: "/var/run/secrets/kubernetes.io/serviceaccount/token" },
  { attempt: link, what: "/etc/shadow" },
  { attempt: write, what: "/usr/local/lib/node_modules/evil.js" },
  { attempt: write, what: "/etc/hosts" },
  { attempt: remove, what: "/usr/bin/tac" },
  { attempt: chmod, what: "/etc/hosts" },
];

for (const { attempt, what } of attempts) {
  const name = `${attempt.name} ${what}`;
  try {
    attempt(what);
    console.log(`ALLOWED  ${name}`);
  } catch (error) {
    if (error.code === "EACCES" || error.code === "EPERM") {
      console.log(`BLOCKED  ${name}  (${error.code})`);
    } else {
      console.log(`FAILED   ${name}: ${error.message}`);
      process.exitCode = 1;
    }
  }
}
