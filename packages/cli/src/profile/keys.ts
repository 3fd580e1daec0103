/**
 * Every key of nono's profile format (nono 0.81) and of ours, and what becomes of it. The rule: what can be enforced is
 * compiled; what restricts, or provides a service, and cannot be done here is refused, because dropping it silently would
 * widen the sandbox or break the workload; what has no effect on what is enforced is ignored.
 * docs/reference/profile-format.md is this table.
 */

/** How a key's value in a profile and in those it extends become one. */
export type Inheritance = "appended" | "replaced" | "either";

export type KeyRule =
  /** Becomes part of the manifest. */
  | { readonly kind: "compiled"; readonly what: string; readonly inherited: Inheritance }
  /** `values` are true of every sandbox already; others are refused. */
  | { readonly kind: "holds"; readonly values: readonly string[]; readonly why: string; readonly instead: string }
  /** Accepted, without effect. */
  | { readonly kind: "ignored"; readonly why: string }
  /** Refused unless it asks for nothing (null, false, "", [], {}). */
  | {
      readonly kind: "refused";
      readonly why: string;
      readonly instead: string;
      /** The profile's own value, null and [] included, wins over an inherited one; else an inherited request stays. */
      readonly clears?: boolean;
      /** An empty list asks for something too. */
      readonly emptyAsks?: boolean;
    };

const needsProxy = "only nono's proxy can do that; there is none in a container";
const needsSupervisor = "it needs nono's supervisor; here the launcher becomes the command and is gone";
const leavesEnvironment = "the launcher hands the environment on as it is";
const onlyMacos = "it has an effect on macOS only";
const onlyTunes = "it changes what nono prints or keeps, not what is enforced";
const useMesh = "use a NetworkPolicy or an egress proxy of the cluster";
const useSecret = "mount a Secret, or set the variable in the pod";
const usePod = "set it in the pod spec";

const compiled = (what: string, inherited: Inheritance): KeyRule => ({ kind: "compiled", what, inherited });
const ignored = (why: string): KeyRule => ({ kind: "ignored", why });
const refused = (why: string, instead: string): KeyRule => ({ kind: "refused", why, instead });

/** Key (dots between the parts) to rule. `platform_overrides.linux` takes the same keys again. */
export const profileKeys: Readonly<Record<string, KeyRule>> = {
  $schema: ignored("for editors"),
  extends: compiled("one name or several, left to right; at most 10 deep", "replaced"),
  "meta.name": compiled("must be the name of the file", "replaced"),
  "meta.version": ignored("for people"),
  "meta.description": compiled("shown by list and show", "replaced"),
  "meta.author": ignored("for people"),

  "groups.include": compiled("the groups' grants and exceptions", "appended"),
  "groups.exclude": compiled("wins over include, also over an extending profile's", "appended"),

  "filesystem.allow": compiled("read and write", "appended"),
  "filesystem.read": compiled("read: open, list, execute", "appended"),
  "filesystem.write": compiled("write: change, create, remove; never make block or character devices", "appended"),
  "filesystem.allow_file": compiled("read and write, one file", "appended"),
  "filesystem.read_file": compiled("read, one file", "appended"),
  "filesystem.write_file": compiled("write, one file", "appended"),
  "filesystem.deny": compiled(
    "an exception: stays closed inside every grant (nono on Linux cannot do that)",
    "appended",
  ),
  "filesystem.bypass_protection": compiled(
    "lifts exceptions of groups that are the path or lie under it; grants nothing",
    "appended",
  ),
  "filesystem.unix_socket": compiled(
    "read; connecting to a socket is not restricted by the kernel's Landlock (ABI 7)",
    "appended",
  ),
  "filesystem.unix_socket_dir": compiled("read", "appended"),
  "filesystem.unix_socket_subtree": compiled("read", "appended"),
  "filesystem.unix_socket_dir_bind": compiled("read and write", "appended"),
  "filesystem.unix_socket_subtree_bind": compiled("read and write", "appended"),
  "filesystem.unix_socket_bind": refused(
    "a socket that does not exist yet cannot be granted, only its directory",
    "name the directory in filesystem.unix_socket_dir_bind",
  ),
  "filesystem.suppress_save_prompt": ignored(onlyTunes),

  "workdir.access": compiled("grants $WORKDIR; none leaves an inherited value", "replaced"),

  "network.block": compiled(
    "no sockets but unix ones; with ports listed, TCP to and on those only, and UDP stays open",
    "either",
  ),
  "network.connect_port": compiled(
    "only these TCP ports may be connected to, and none bound but those of listen_port, as in nono",
    "appended",
  ),
  "network.listen_port": compiled("only these TCP ports may be bound", "appended"),
  "network.listen_port_range": compiled("as listen_port; at most 1024 ports together", "appended"),
  "network.open_port": refused(
    "Landlock cannot tell localhost from other addresses",
    "use connect_port and listen_port",
  ),
  "network.open_port_range": refused(
    "Landlock cannot tell localhost from other addresses",
    "use connect_port and listen_port",
  ),
  "network.network_profile": {
    kind: "refused",
    why: needsProxy,
    instead: `${useMesh}; null clears an inherited one`,
    clears: true,
  },
  "network.allow_domain": refused(needsProxy, useMesh),
  "network.deny_domain": refused(needsProxy, useMesh),
  "network.credentials": {
    kind: "refused",
    why: needsProxy,
    instead: `${useSecret}; [] clears an inherited one`,
    clears: true,
  },
  "network.custom_credentials": refused(needsProxy, useSecret),
  "network.upstream_proxy": refused(needsProxy, useMesh),
  "network.approval_backends": refused(needsProxy, useMesh),
  "network.approval_defaults": refused(needsProxy, useMesh),
  "network.upstream_bypass": ignored("it tunes nono's proxy"),
  "network.no_proxy": ignored("it tunes nono's proxy"),
  "network.allow_http2": ignored("it tunes nono's proxy"),
  "network.tls_intercept": ignored("it tunes nono's proxy"),

  "security.signal_mode": {
    kind: "holds",
    values: ["isolated", "allow_same_sandbox"],
    why: "signals stay in the container: by its pid namespace, or by Landlock where the pod shares one",
    instead: "leave it out",
  },
  "security.process_info_mode": {
    kind: "holds",
    values: ["isolated", "allow_same_sandbox"],
    why: "Landlock keeps a sandbox out of the memory, environment and files of processes outside it",
    instead: "leave it out",
  },
  "security.ipc_mode": ignored(onlyMacos),
  "security.capability_elevation": refused(needsSupervisor, "grant the paths in filesystem"),
  "security.approval_backends": refused(needsSupervisor, "grant the paths in filesystem"),
  "security.approval_defaults": refused(needsSupervisor, "grant the paths in filesystem"),
  "security.wsl2_proxy_policy": ignored("it tunes nono's proxy on WSL2"),

  "linux.af_unix_mediation": {
    kind: "holds",
    values: ["off"],
    why: "Landlock (ABI 7) does not restrict connecting to a socket, and more needs nono's supervisor",
    instead: "leave it out, and mount no socket that the container must not use",
  },
  "linux.sandbox_policy": {
    kind: "holds",
    values: ["auto", "landlock"],
    why: "the launcher always uses Landlock",
    instead: "leave it out",
  },
  "linux.isolate.network": refused("namespaces are the container's", usePod),
  "linux.isolate.loopback": refused("namespaces are the container's", usePod),
  "linux.isolate.ipc": refused("namespaces are the container's", usePod),
  "linux.isolate.uts": refused("namespaces are the container's", usePod),

  "environment.allow_vars": { kind: "refused", why: leavesEnvironment, instead: usePod, emptyAsks: true },
  "environment.deny_vars": refused(leavesEnvironment, usePod),
  "environment.set_vars": refused(leavesEnvironment, usePod),
  "environment.case_insensitive_vars": ignored("it only says how the variable lists match"),
  env_credentials: refused("there is no keystore in a container", useSecret),

  "commands.allow": ignored("it lifts nono's own list of commands, which does not exist here"),
  "commands.deny": refused(
    "the name of a command is no boundary: a child may run it",
    "put the program's path into filesystem.deny",
  ),
  command_policies: refused(needsSupervisor, "put programs that nobody may run into filesystem.deny"),
  command_args: refused("the command is the container's", usePod),
  binary: refused("the command is the container's", usePod),

  session_hooks: refused("nothing runs outside the sandbox on a container's behalf", "use an init container"),
  hooks: refused("nothing is installed into the image", "put the hook into the image"),
  packs: refused("a manifest is complete when it is compiled", "copy what the pack grants into the profile"),
  credential_capture: refused(needsProxy, useSecret),
  credential_providers: refused(needsProxy, useSecret),
  credential_routes: refused(needsProxy, useSecret),
  allow_gpu: refused(
    "which device files a GPU has is not known when the profile is compiled",
    "grant them in filesystem.allow_file",
  ),

  "rollback.exclude_patterns": ignored("there are no snapshots"),
  "rollback.exclude_globs": ignored("there are no snapshots"),
  skipdirs: ignored("there are no snapshots"),
  open_urls: ignored("nobody opens a browser for a container"),
  diagnostics: ignored(onlyTunes),
  allow_launch_services: ignored(onlyMacos),
  unsafe_macos_seatbelt_rules: ignored(onlyMacos),
  allow_parent_of_protected: ignored(onlyMacos),

  "platform_overrides.linux": compiled(
    "the same keys without extends and platform_overrides; applied last",
    "appended",
  ),
  "platform_overrides.macos": ignored("not this platform"),
  "platform_overrides.windows": ignored("not this platform"),

  "kubefence.exceptions": compiled("paths that stay closed inside every grant", "appended"),
  "kubefence.exceptions_remove": compiled(
    "lifts inherited exceptions and those of groups; an unknown one is an error",
    "appended",
  ),
  "kubefence.volumes": compiled(
    "none, read or readwrite: emptyDir and persistent volume claims; none unless set",
    "replaced",
  ),
  "kubefence.config_volumes": compiled(
    "ConfigMap, Secret and downward API volumes are readable; true unless set",
    "replaced",
  ),
  "kubefence.projected_volumes": compiled(
    "projected volumes (service-account tokens) are readable; false unless set",
    "replaced",
  ),
};
